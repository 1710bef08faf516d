"""Keys that are no action of the table: they belong to one place, and mean something only there. For the keyboard help."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Key:
    """What a person does, the keys as Qt writes them (several: either does), and a sentence where the name says too little."""

    name: str
    keys: tuple[str, ...]
    tip: str = ""


#: place -> its keys
OTHER_KEYS: dict[str, tuple[Key, ...]] = {
    "In the palette": (
        Key("Choose a component", ("Up", "Down"), "From the search field too."),
        Key("Add it", ("Return",), "After the selected component, with a wire where one fits."),
        Key(
            "What it is", ("Ctrl+I", "Right"), "A card with ports, equation and sources; it goes along with the arrows. In the list: Right."
        ),
        Key("Favourite, or no longer", ("Alt+S", "S"), "S in the list, Alt+S while typing."),
        Key("Fold a family, unfold it", ("Left", "Right"), "On its heading. On a component, Left goes to the heading."),
        Key("Clear the search", ("Esc",), "A card goes first. From the list, the keyboard goes back to the field."),
    ),
    "On the canvas": (
        Key("Go to the next component", ("Left", "Right", "Up", "Down"), "Left and Right follow the wires."),
        Key("Move what is selected", ("Shift+Left", "Shift+Right", "Shift+Up", "Shift+Down"), "By 20 px; with Alt too by 4 px."),
        Key("Edit the selected component", ("Return",), "The keyboard goes to its first value."),
        Key("Select nothing, or drop what is in the hand", ("Esc",)),
        Key("Leave the canvas", ("F6", "Shift+F6", "Shift+Tab"), "Tab adds here."),
        Key("Pan with the left button", ("Space",), "Hold it and drag; the middle button drags without it."),
    ),
    "While adding or connecting by typing": (
        Key("Choose", ("Up", "Down")),
        Key("Add, or connect", ("Return",)),
        Key("What it is", ("Ctrl+I",), "While adding."),
        Key("Close", ("Esc", "Tab")),
    ),
    "In problems": (
        Key("Next problem, the one before", ("Down", "Up")),
        Key("From the place to the mends", ("Right", "Left")),
        Key("Go there, or mend", ("Return", "Space")),
    ),
    "In a field": (
        Key("Larger, smaller", ("Up", "Down"), "In a field of a number; Page Up and Page Down make larger steps on a slider."),
        Key("Take what was typed", ("Return",)),
        Key("Sooner, later in a list", ("Up", "Down"), "On the handle before it."),
        Key("Close Vary, or a new name, without a change", ("Esc",)),
    ),
    "In live panels": (
        Key("Step by step along a curve", ("Left", "Right"), "The pointer reads the values off."),
        Key("Scrub to that step", ("Return",)),
        Key("Zoom in, out, back", ("+", "-", "0")),
        Key("Take the pointer away", ("Esc",)),
        Key("Earlier, later stored step", ("Left", "Right"), "On the time slider."),
        Key("Through a picture, cell by cell", ("Left", "Right", "Up", "Down")),
    ),
    "In the queue": (
        Key("Sooner, later", ("Alt+Up", "Alt+Down")),
        Key("Pause, or go on", ("Space",)),
        Key("Stop, or take out", ("Del", "Backspace")),
    ),
    "In the table of runs": (
        Key("Open the run", ("Return",)),
        Key("Unfold a group, fold it", ("Right", "Left", "Space")),
        Key("Menu of what is selected", ("Menu",)),
        Key("Completions of the filter", ("Down",), "In the filter's field; Tab or Return takes one, Esc closes them."),
        Key("Rename, remove a saved view", ("F2", "Del"), "In the list of views."),
        Key("Column further up, down", ("Alt+Up", "Alt+Down"), "In the list of columns; Delete takes it out."),
    ),
    "In Compare": (
        Key("Choose a row", ("Up", "Down")),
        Key("Show what the row is about", ("Return", "Space")),
        Key("Matrix before, after", ("PgUp", "PgDown")),
    ),
    "In the guided tour": (Key("From the card to the control", ("Esc",)), Key("Back to the card", ("Shift+F1",))),
    "In this window": (
        Key("Next control, the one before", ("Tab", "Shift+Tab")),
        Key("Close what floats, put the message away", ("Esc",)),
        Key("Choose in All commands", ("Up", "Down", "PgUp", "PgDown")),
        Key("Open a card or a row of Home", ("Return", "Space")),
    ),
}
