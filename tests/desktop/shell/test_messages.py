from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from memstudio.desktop.messages import MessageLine
from memstudio.desktop.messages_panel import MessagesPanel


def line(qtbot: QtBot) -> MessageLine:
    made = MessageLine()
    qtbot.addWidget(made)
    return made


def test_hidden_until_something_is_said(qtbot: QtBot) -> None:
    messages = line(qtbot)
    assert messages.isHidden()
    messages.say("Saved as recall.memx.")
    assert not messages.isHidden()
    assert messages.accessibleDescription() == "Saved as recall.memx."
    messages.dismiss()
    assert messages.isHidden()


def test_what_is_bad_comes_back_when_information_leaves(qtbot: QtBot) -> None:
    messages = line(qtbot)
    messages.say("The file is gone.", "bad")
    messages.say("Saved.")
    assert messages.said is not None
    assert messages.said.text == "Saved."
    messages.say("Opened.")
    messages.dismiss()
    assert messages.said.text == "The file is gone."
    messages.dismiss()
    assert messages.said is None


def test_the_same_sentence_is_said_once(qtbot: QtBot) -> None:
    messages = line(qtbot)
    for _ in range(3):
        messages.say("The disk is full.", "bad")
    messages.dismiss()
    assert messages.said is None


def test_its_button_does_what_it_says_and_closes_it(qtbot: QtBot) -> None:
    messages, done = line(qtbot), list[str]()
    messages.say("“Recall” was not saved.", "careful", ("Go back to it", lambda: done.append("back")))
    assert messages._act.text() == "Go back to it"
    messages._act.click()
    assert done == ["back"]
    assert messages.said is None


def test_text_is_shown_as_it_is(qtbot: QtBot) -> None:
    messages = line(qtbot)
    messages.say("<b>not bold</b>", "bad")
    assert messages._text.whole == "<b>not bold</b>"


def test_the_last_fifty_are_remembered_copied_and_acted_on(qtbot: QtBot) -> None:
    around = QWidget()
    qtbot.addWidget(around)
    around.resize(1000, 700)
    around.show()
    messages = line(qtbot)
    panel = MessagesPanel(around, messages)
    panel.toggle()
    assert panel.nothing.isVisible()
    assert around.focusWidget() is panel.close_button
    panel.toggle()
    done: list[str] = []
    for number in range(60):
        messages.say(
            f"Message {number}", "bad" if number == 59 else "info", ("Do it", lambda: done.append("did it")) if number == 57 else None
        )
    messages.say("Message 59", "bad")
    assert [said.text for said in messages.history] == [f"Message {number}" for number in range(10, 60)]
    messages._copy.click()
    assert QGuiApplication.clipboard().text() == "Message 59"
    panel.toggle()
    assert panel.list.count() == 50
    assert panel.list.item(0).data(Qt.ItemDataRole.AccessibleTextRole) == "Bad: Message 59, now"
    assert not panel.act_button.isVisible()
    for _ in range(2):
        qtbot.keyClick(panel.list, Qt.Key.Key_Down)
    assert panel.act_button.text() == "Do it"
    qtbot.keyClick(panel.list, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "Message 57"
    qtbot.keyClick(panel.list, Qt.Key.Key_Return)
    assert done == ["did it"]
    assert not panel.isVisible()
    panel.toggle()
    panel.list.setCurrentRow(2)
    assert not panel.act_button.isVisible(), "what was done is offered again"
    panel.close_panel()
