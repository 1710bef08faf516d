"""The style of a report's page: calm, narrow enough to read, light and dark by the reader's own choice, A4 in print."""

from __future__ import annotations

from memstudio.report.vector import variables

_LIGHT = (
    "--page:#F5F6F8;--panel:#FFFFFF;--line:#E1E5EB;--text:#1A1F29;--dim:#596273;--accent:#2563EB;"
    "--good:#1F7A3D;--good-ground:#EAF5EC;--careful:#9A5B00;--careful-ground:#FDF4E3;--bad:#B42318;--bad-ground:#FDEDEB;"
)
_DARK = (
    "--page:#14171C;--panel:#1A1E25;--line:#303743;--text:#E7EAF0;--dim:#A2ABBA;--accent:#7AA7FF;"
    "--good:#5DC482;--good-ground:#1B3325;--careful:#E2B04A;--careful-ground:#372D19;--bad:#FF8A7A;--bad-ground:#3E2424;"
)

_RULES = """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--text);font:15px/1.6 Inter,system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
main{max-width:840px;margin:0 auto;padding:44px 28px 64px;background:var(--panel)}
h1{font-size:29px;line-height:1.2;font-weight:600;letter-spacing:-.012em;margin:0 0 8px;overflow-wrap:anywhere}
h2{font-size:19px;line-height:1.3;font-weight:600;margin:44px 0 12px;padding-top:18px;border-top:1px solid var(--line)}
h3{font-size:15px;font-weight:600;margin:24px 0 4px}
p{margin:8px 0;overflow-wrap:anywhere}
.dim{color:var(--dim)}
.small{font-size:13px}
.about{font-size:17px;line-height:1.5}
blockquote{margin:20px 0;padding:2px 0 2px 16px;border-left:3px solid var(--line)}
.chip{display:inline-block;padding:1px 9px;border-radius:999px;font-size:13px;font-weight:600;white-space:nowrap}
.good{color:var(--good);background:var(--good-ground)}
.careful{color:var(--careful);background:var(--careful-ground)}
.bad{color:var(--bad);background:var(--bad-ground)}
ul{padding-left:20px;margin:8px 0}
li{margin:5px 0;overflow-wrap:anywhere}
ul.statements{list-style:none;padding:0}
ul.statements li{display:grid;grid-template-columns:76px 1fr;gap:12px;align-items:baseline;margin:8px 0}
ul.statements .chip{justify-self:start}
.wide{overflow-x:auto;margin:16px 0}
.wide:focus-visible,summary:focus-visible,a:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
table{border-collapse:collapse;font-size:13px;line-height:1.4;font-variant-numeric:tabular-nums;min-width:100%}
caption{text-align:left;color:var(--dim);padding:0 0 6px}
th,td{padding:6px 12px 6px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
thead th{font-weight:600;border-bottom:1px solid var(--dim);vertical-align:bottom}
tbody th{font-weight:400;min-width:104px}
td:not(.r){min-width:96px}
td.r,th.r{text-align:right;white-space:nowrap}
tbody tr:last-child>*{border-bottom:1px solid var(--dim)}
th:last-child,td:last-child{padding-right:0}
figure{margin:26px 0;break-inside:avoid}
svg.figure{display:block;width:100%;height:auto;max-height:150vh}
svg.figure *{stroke-linejoin:round;stroke-linecap:butt}
figcaption{font-size:13px;line-height:1.5;color:var(--dim);margin-top:8px}
figcaption b{color:var(--text);font-weight:600}
details{margin:12px 0}
summary{cursor:pointer;color:var(--accent);font-size:14px}
pre{font:12px/1.5 "JetBrains Mono",ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;background:var(--page);
border:1px solid var(--line);border-radius:8px;padding:12px 14px;overflow-x:auto;margin:10px 0;tab-size:2}
pre.wrapped{white-space:pre-wrap;overflow-wrap:anywhere}
code{font:.88em "JetBrains Mono",ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
dl.equations{margin:4px 0 0;font-size:15px}
dl.equations div{display:grid;grid-template-columns:170px 1fr;gap:2px 16px;padding:3px 0}
dl.equations dt{color:var(--dim);font-size:13px;padding-top:2px}
dl.equations dd{margin:0;font-family:"STIX Two Math","Cambria Math","Latin Modern Math","STIX Two Text",Cambria,
"Noto Sans Math","Times New Roman",serif;font-size:16px;line-height:1.5;overflow-wrap:anywhere}
sub,sup{font-size:.72em;line-height:0}
a{color:var(--accent)}
footer{margin-top:44px;padding-top:14px;border-top:1px solid var(--line);color:var(--dim);font-size:13px}
@media (max-width:560px){
main{padding:26px 16px 40px}
h1{font-size:23px}
.about{font-size:16px}
dl.equations div,ul.statements li{grid-template-columns:1fr;gap:2px}
}
"""

_PRINT = """
@page{size:A4;margin:18mm 17mm 20mm}
@media print{
body{background:none;font-size:9.5pt;line-height:1.45}
main{max-width:none;padding:0;background:none}
h1{font-size:19pt}
h2{font-size:13pt;margin-top:22pt;padding-top:10pt;break-after:avoid}
h3{font-size:9.5pt;break-after:avoid}
.about{font-size:11pt}
table,figcaption,.small,footer,caption{font-size:8pt}
th,td{padding:3pt 8pt 3pt 0}
.wide{overflow:visible}
tr{break-inside:avoid}
thead{display:table-header-group}
svg.figure{max-height:none}
pre{font-size:7pt;white-space:pre-wrap;overflow-wrap:anywhere;border-color:#E1E5EB}
dl.equations dd{font-size:10.5pt}
summary{color:inherit;list-style:none;font-weight:600}
details::details-content{content-visibility:visible;block-size:auto}
a{color:inherit;text-decoration:none}
.onscreen{display:none}
}
"""


def style(faces: str) -> str:
    """The whole style sheet. faces: the embedded type, see `vector.font_faces`; ours alone, so nothing in it needs escaping."""
    light, dark = f"{_LIGHT}{variables()}", f"{_DARK}{variables(dark=True)}"
    return (
        f"{faces}\n:root{{color-scheme:light dark;{light}}}\n"
        # paper is light, whatever the screen is
        f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n{_RULES}{_PRINT}"
    )
