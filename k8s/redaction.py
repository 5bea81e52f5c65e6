"""Takes passwords, tokens, keys and the like out of text that people, logs or assistants get to see.

Rather too much is taken out than too little, but what operators need survives: names of Secrets, references to them,
digests of images, identifiers, and values that are plainly no secret, such as `false` or `<none>`.
"""

import os
import re
from functools import lru_cache

HIDDEN = "[redacted]"
SHORTEST_VARIABLE = 6

# The end of a name whose value is secret, such as DB_PASSWORD, clientSecret or client-key-data. Repetitions have an
# upper bound or follow something rare, so that no text takes longer than a multiple of its length.
WORD = (
    r"(?:pass(?:word|wd|phrase|code)|(?<![a-z])pass|pwd|secrets?|tokens?|credentials?|authorization|(?<![a-z])auth|"
    r"(?<![a-z])cookie|(?<![a-z])(?:dsn|pat)|connection[-_]?string|(?<![a-z])psk|t?otp|"
    r"(?:api|access|secret|private|sign(?:ing)?|encrypt(?:ion)?|client|master|auth|account|shared|session|ssh|tls|"
    r"fernet|seal(?:ing)?|deploy|webhook|jwt|hmac|aes|rsa)[-_.]?(?:access[-_.]?)?key(?:[-_]?id)?|(?<=[a-z0-9])_key|"
    r"(?:certificate(?:-authority)?|client-certificate|client-key|key)-data|dockerconfig(?:json)?|dockercfg)"
    r"(?:[-_.]?(?:data|value|hash|base64|b64|old|new|current|previous|primary|secondary|[0-9]{1,2}))?"
)
NAME = rf"[\w./\-]{{0,64}}?{WORD}"
# What is no secret although its name says so: references, emptiness, yes and no, the beginning of something nested,
# and of what an error says, as in "token: expired".
PLAIN = (
    r"(?!\[redacted\]|<(?:none|unset|nil|unknown|redacted|set to the key)|"
    r"(?:true|false|null|nil|none|~|''|\"\")(?![^\s\"',}])|\$[({]|[{\[]|[|>][-+]?\s*$|\*+|"
    r"(?:authentication|cannot|denied|expected|expired|failed|forbidden|invalid|mismatch|missing|must|not|rejected|"
    r"required|unable|unauthorized|unexpected)(?![^\s\"',;:.)]))"
)
QUOTED = r"(?:\\{1,8}\"(?:[^\\\n]|\\+[^\\\"\n])*+(?:\\+\")?|\"(?:[^\"\\\n]|\\.)*+\"?|'(?:[^'\n]|'')*+'?)"


def _pattern(text: str, flags: int = re.IGNORECASE | re.MULTILINE) -> re.Pattern[str]:
    return re.compile(text, flags | re.ASCII)


CONTROL = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060\ufeff]"
)
SECRET_KIND = _pattern(r"\bkind\\*[\"']?\s*:\s*\\*[\"']?(?:Sealed)?Secret(?:List)?\b")
BODY = r"[\"']?(?:data|stringData|encryptedData)[\"']?"
SECRET_BODIES = (
    (
        _pattern(rf"^([ ]*(?:- )?)({BODY}):[ ]*(?:#.*)?\n(?:[ ]+.*(?:\n|\Z)|[ ]*\n)+?(?=\1[\w\"']|\1?\S|\Z)"),
        rf"\1\2: {HIDDEN}\n",
    ),
    (_pattern(rf"^([ ]*(?:- )?{BODY}:[ ]*)\{{[^{{}}]*\}}?"), rf"\1{HIDDEN}"),
    (_pattern(r"(\"(?:data|stringData)\"\s*:\s*)\{(?:[^{}\"]|\"(?:[^\"\\]|\\.)*+\"?)*+\}?"), rf'\1"{HIDDEN}"'),
    (_pattern(r"(\\{1,8}\"(?:data|stringData)\\+\"\s*:\s*)\{[^{}]*\}?"), rf"\1{HIDDEN}"),
)
PATTERNS = (
    # Keys and certificates
    (_pattern(r"-----BEGIN ([A-Z0-9 ]+)-----.*?(?:-----END \1-----|\Z)", re.DOTALL), HIDDEN),
    (_pattern(r"LS0tLS1CRUdJTi[A-Za-z0-9+/=]*(?:\n[A-Za-z0-9+/=]{20,})*", 0), HIDDEN),
    # scheme://user:password@host, and a user that is a token
    (_pattern(r"(://[^\s/:@\"'<>]{0,128}):(?!\d{1,5}[/?#])[^\s\"'<>]{0,512}@"), rf"\1:{HIDDEN}@"),
    (_pattern(r"(://)[^\s/:@\"'<>]{16,512}@"), rf"\1{HIDDEN}@"),
    # Authorization: Bearer ..., Cookie: ...
    (
        _pattern(
            r"((?:authorization|cookie|\bx-[a-z\-]{0,32}(?:key|token|secret))\\*[\"']?[ ]?[:=][ ]*+)"
            r"(?!\[redacted)[^\n]+"
        ),
        rf"\1{HIDDEN}",
    ),
    (_pattern(r"\b(bearer|basic)[ ]+(?=[^\s]{20}|[^\s]*[0-9+/=._\-])[A-Za-z0-9+/=._~\-]{8,}"), rf"\1 {HIDDEN}"),
    # A variable of a container: `name: DB_PASSWORD`, and then `value: ...`
    (
        _pattern(
            rf"(\bname\\*[\"']?[ ]*:[ ]*\\*[\"']?{NAME}\\*[\"']?[\s,]*+\\*[\"']?value\\*[\"']?[ ]*:[ ]*+){PLAIN}"
            rf"(?:{QUOTED}|[^\n,}}]+)"
        ),
        rf"\1{HIDDEN}",
    ),
    # `password: |` and the lines below it
    (
        _pattern(rf"^([ ]*)((?:- )?[\"']?{NAME}[\"']?[ ]*:[ ]*)[|>][-+0-9]*[ ]*\n(?:\1[ ]+.*(?:\n|\Z)|[ ]*\n)+"),
        rf"\1\2{HIDDEN}\n",
    ),
    # `passwords:` and the items below it, and `tokens: [...]`
    (
        _pattern(rf"^([ ]*)([\"']?{NAME}s?[\"']?[ ]*:)[ ]*\n(?:\1[ ]*- (?![\w.\-]+:(?:\s|$)).*(?:\n|\Z))+"),
        rf"\1\2 {HIDDEN}\n",
    ),
    (_pattern(r"((?:password|passphrase|token)s?[\"']?[ ]*[:=][ ]*)\[[^\]\n]+\]?"), rf"\1{HIDDEN}"),
    # <password>...</password>
    (_pattern(rf"(<[\w:\-]{{0,32}}?{WORD}>)[^<\n]+"), rf"\1{HIDDEN}"),
    # Addresses that are signed
    (_pattern(r"([?&](?:x-amz-|x-goog-)?(?:sig|signature|credential)=)[^\s&\"']+"), rf"\1{HIDDEN}"),
    # `DB_PASSWORD: ...` to the end of the line, as kubectl describe and YAML write it
    (_pattern(rf"^([ \t]*+(?:- )?{NAME}:[ \t]++){PLAIN}(?!{QUOTED})[^\n]+"), rf"\1{HIDDEN}"),
    # "password": "...", password=..., --from-literal=token=...
    (_pattern(rf"({WORD}(?:\\*[\"'])?[ \t]*(?:=>|[:=])[ \t]*+){PLAIN}(?:{QUOTED}|[^\s\"']+)"), rf"\1{HIDDEN}"),
    # --password ..., also as two items of a list
    (
        _pattern(
            rf"((?<![\w\-])--?[\w\-]{{0,64}}?{WORD}(?:[\"']?,[ ]*|[\"']?\s+(?:- )?)(?!-)){PLAIN}"
            rf"(?:{QUOTED}|[^\s\"']+)"
        ),
        rf"\1{HIDDEN}",
    ),
    (_pattern(r"((?:-u|--user)[ =][\"']?[^\s:\"']{1,128}):[^\s\"']+"), rf"\1:{HIDDEN}"),
    # PASSWORD '...' of SQL, and of sentences
    (
        _pattern(
            r"((?:pass(?:word|phrase|wd)|identified by|secret is|token is|key is)[ ]+(?:is |was )?)"
            r"('[^'\n]+'|\"[^\"\n]+\")"
        ),
        rf"\1{HIDDEN}",
    ),
    (
        _pattern(
            r"(\b(?:pass(?:word|phrase)|token|secret) (?:is|was) )"
            r"(?!(?:not|too|in\w*|wrong|missing|required|expired)\b)\S+"
        ),
        rf"\1{HIDDEN}",
    ),
    (_pattern(r"(\blogin[ ]+\S+[ ]+password[ ]+)\S+"), rf"\1{HIDDEN}"),
    # Hashes of passwords
    (_pattern(r"(?<![\w$])\$(?:2[abxy]|[1567y]|apr1|argon2\w*|scrypt|pbkdf2[\w\-]*)\$[^\s\"']+"), HIDDEN),
    (_pattern(r"\b(?:pbkdf2_\w{1,16}|argon2|bcrypt\w{0,16}|scrypt)\$[^\s\"']+"), HIDDEN),
    # Tokens that are known by their form
    (_pattern(r"\beyJ[A-Za-z0-9_\-]{8,}(?:\.[A-Za-z0-9_\-]*){0,4}", 0), HIDDEN),
    (
        _pattern(
            r"\b(?:gh[pousr]_|github_pat_|gl[a-z]{2,4}-|xox[a-z]-|xapp-|sk-|[sr]k_live_|npm_|pypi-|dop_v1_|hv[sb]\.|SG\.|"
            r"AGE-SECRET-KEY-|dckr_pat_|tskey-|glsa_|ya29\.|AIza|AKIA|ASIA|shpat_|whsec_)[A-Za-z0-9_\-.]{12,}",
            0,
        ),
        HIDDEN,
    ),
    (_pattern(r"(?<![\w:])(?:bot)?\d{8,10}:[\w\-]{35}(?![\w\-])"), HIDDEN),
    (_pattern(r"hooks\.slack\.com/services/\S+"), f"hooks.slack.com/services/{HIDDEN}"),
    # Long random text: both cases and digits, which neither a name, a path nor a digest has
    (_pattern(r"(?<![\w\-])(?=[\w\-]*[A-Z])(?=[\w\-]*[a-z])(?=[\w\-]*\d[\w\-]*\d)[\w\-]{40,}", 0), HIDDEN),
    (_pattern(r"(?<![\w+/])[A-Za-z0-9+/]{40,}={1,2}", 0), HIDDEN),
)


def redact(text: str) -> str:
    """Return the text without secrets, and without what would only move a terminal's cursor."""
    text = CONTROL.sub("", text.replace("\r\n", "\n"))
    if SECRET_KIND.search(text):
        for pattern, replacement in SECRET_BODIES:
            text = pattern.sub(replacement, text)
    for value in _own_secrets():
        text = text.replace(value, HIDDEN)
    for pattern, replacement in PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def _own_secrets() -> tuple[str, ...]:
    """Return the values of this process's own secret variables, which a program could repeat."""
    return tuple(
        value
        for name, value in os.environ.items()
        if len(value) >= SHORTEST_VARIABLE and _is_secret(name) and "/" not in value[:1]
    )


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    return re.fullmatch(NAME, name, re.IGNORECASE) is not None
