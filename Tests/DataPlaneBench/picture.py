"""Bars of throughput, each with its range, as an SVG that reads on light and dark pages."""

import statistics
from xml.sax.saxutils import escape

SHAPE_TITLES = {"nic": "WAN like a network card without offload", "packets": "Every link packet by packet"}
TESTS = (("tcp1", "TCP ×1"), ("tcp4", "TCP ×4"), ("tcp2way", "TCP both ways"))
WIDTH, LABEL, RIGHT = 760, 160, 110
BAR, GAP, GROUP = 9, 2, 14
COLOURS = ("#2b6cb0", "#6b9bd1", "#a9c4e4")


def draw(records, caption):
    """One panel for each shape, one group of bars for each contender, one bar for each kind of TCP."""
    body, y = [], 56
    for shape in records.shapes():
        names = records.names(shape)
        tests = [test for test in TESTS if any(records.values(shape, name, test[0], "gbps") for name in names)]
        every = [value for name in names for test, _ in tests for value in records.values(shape, name, test, "gbps")]
        if not every:
            continue
        scale = (WIDTH - LABEL - RIGHT) / max(every)
        body.append(text(12, y, SHAPE_TITLES[shape], "shape"))
        y += 16
        for name in names:
            height = len(tests) * (BAR + GAP)
            body.append(text(LABEL - 8, y + height / 2 + 4, name, "name"))
            for index, (test, _) in enumerate(tests):
                values = records.values(shape, name, test, "gbps")
                if values:
                    body += bar(y + index * (BAR + GAP), values, scale, COLOURS[index])
            y += height + GROUP
        y += 18
    legend = []
    for index, (_, title) in enumerate(TESTS):
        x = LABEL + index * 130
        legend.append(f'<rect x="{x}" y="30" width="10" height="10" fill="{COLOURS[index]}"/>')
        legend.append(text(x + 15, 39, title, "value"))
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 12:.0f}" role="img" '
        'font-family="system-ui, sans-serif">',
        "<title>TCP from host to host through two gateways, Gbit/s</title>",
        "<style>text{font-size:11px;fill:#24292f}.head{font-size:14px;font-weight:600}.shape{font-weight:600}"
        ".name{text-anchor:end}.range{stroke:#24292f;stroke-width:1}"
        "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.range{stroke:#e6edf3}}</style>",
        text(12, 20, "TCP from host to host through two gateways, Gbit/s: medians and ranges", "head"),
    ]
    return "\n".join([*head, *legend, *body, text(12, y + 4, caption, "value"), "</svg>"]) + "\n"


def bar(y, values, scale, colour):
    least, median, most = min(values), statistics.median(values), max(values)
    middle = y + BAR / 2
    return [
        f'<rect x="{LABEL}" y="{y:.1f}" width="{median * scale:.1f}" height="{BAR}" fill="{colour}"/>',
        f'<line class="range" x1="{LABEL + least * scale:.1f}" x2="{LABEL + most * scale:.1f}" '
        f'y1="{middle:.1f}" y2="{middle:.1f}"/>',
        text(LABEL + most * scale + 6, middle + 4, f"{median:.2f}", "value"),
    ]


def text(x, y, words, kind):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}">{escape(words)}</text>'
