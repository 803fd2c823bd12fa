#!/usr/bin/env python3
"""Checks that every public declaration in Sources has a docstring, and that no docstring begins with a word like What.

    scripts/check-documentation.py [FOLDER…]        (FOLDER: Sources by default)

Prints a line for each declaration without a docstring, and for each docstring that begins with What, Whoever, Where, Of, Those or Whether;
then a count of each. `public`, `open` and `package` declarations count, with the requirements of public protocols, the cases of public
enums, and members of extensions that are themselves public. Not counted are overrides, members that a conformance explains, extensions
themselves, and imports. A conformance explains members that a standard protocol demands (`description`, `==` and their like), and members
with the name of a requirement of a protocol in Sources that the type conforms to by a declaration in Sources, if the requirement has a
docstring.

In C headers that lie in a folder `include`, each comment `///` is checked for its first word alone.

Exit status: 0 nothing was found; 1 something was; 64 bad usage.
"""

import pathlib
import re
import sys

BANNED = ("What", "Whoever", "Where", "Of", "Those", "Whether")

# Members that the standard library documents, of types that conform to its protocols.
STANDARD = {
    "description", "debugDescription", "errorDescription", "hash(into:)", "==", "<", "<=", ">", ">=", "encode(to:)", "init(from:)",
    "allCases", "startIndex", "endIndex", "index(after:)", "makeIterator()", "next()",
    # ArgumentParser's.
    "init(argument:)", "allValueStrings", "defaultValueDescription",
}

KEYWORDS = r"func|var|let|init|subscript|case|class|struct|enum|protocol|actor|typealias|associatedtype|extension|macro|operator"
MODIFIERS = (
    r"(?:(?:public|package|internal|private|fileprivate|open)(?:\(set\))?|static|final|mutating|nonmutating|consuming|borrowing|lazy|weak"
    r"|unowned(?:\((?:un)?safe\))?|override|required|convenience|indirect|dynamic|optional|nonisolated(?:\(unsafe\))?|isolated|distributed"
    r"|prefix|postfix|infix|class(?=\s+(?:func|var|let|subscript)))")
DECLARATION = re.compile(rf"^((?:{MODIFIERS}\s+)*)({KEYWORDS})\b(.*)$", re.S)
ATTRIBUTE = re.compile(r"^@\w+(?:\([^()]*(?:\([^()]*\)[^()]*)*\))?\s*")


def strip_code(text):
    """The lines of a file as (code, docstring or None): comments and the contents of strings are taken out of the code."""
    lines, depth, multiline = [], 0, None
    for line in text.split("\n"):
        code, place = [], 0
        stripped = line.strip()
        if depth == 0 and multiline is None and stripped.startswith("///"):
            lines.append(("", stripped[3:].strip()))
            continue
        while place < len(line):
            if multiline is not None:
                end = line.find(multiline, place)
                if end < 0:
                    break
                place = end + len(multiline)
                multiline = None
                continue
            if depth > 0:
                if line.startswith("*/", place):
                    depth -= 1
                    place += 2
                elif line.startswith("/*", place):
                    depth += 1
                    place += 2
                else:
                    place += 1
                continue
            if line.startswith("//", place):
                break
            if line.startswith("/*", place):
                depth += 1
                place += 2
                continue
            match = re.compile(r'#*"""').match(line, place)
            if match:
                multiline = '"""' + "#" * (len(match.group()) - 3)
                place = match.end()
                code.append('""')
                continue
            match = re.compile(r'(#*)"').match(line, place)
            if match:
                place = skip_string(line, match.end(), match.group(1))
                code.append('""')
                continue
            code.append(line[place])
            place += 1
        lines.append(("".join(code), None))
    return lines


def skip_string(line, place, hashes):
    """The place after a string's closing quote. Interpolations may hold strings of their own."""
    depth = 0
    while place < len(line):
        if line.startswith("\\" + hashes, place):
            after = place + 1 + len(hashes)
            if line.startswith("(", after):
                depth = 1
                place = after + 1
                while place < len(line) and depth > 0:
                    if line[place] == '"':
                        place = skip_string(line, place + 1, "")
                        continue
                    depth += {"(": 1, ")": -1}.get(line[place], 0)
                    place += 1
                continue
            place = after + 1
        elif line.startswith('"' + hashes, place):
            return place + 1 + len(hashes)
        else:
            place += 1
    return place


def name_of(keyword, signature):
    """A declaration's name as messages have it: `run(unitCount:body:)`."""
    signature = signature.strip()
    if keyword not in ("init", "subscript", "func"):
        match = re.match(r"`?([\w.]+)`?", signature)
        return match.group(1) if match else signature[:20]
    name = keyword
    if keyword == "func":
        name = re.match(r"`?(\w+|[^\w\s(]+)", signature).group(1)
        if not re.match(r"\w", name):
            return name
    # The parameters, parted where no bracket is open.
    depth, parts = 0, [""]
    for character in signature[signature.find("(") + 1 :] if "(" in signature else "":
        if character in "([{<":
            depth += 1
        elif character in ")]}>":
            if character == ")" and depth == 0:
                break
            depth = max(0, depth - 1)
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    labels = [part.split(":")[0].split()[0] + ":" for part in parts if part.strip()]
    return f"{name}({''.join(labels)})"


class Protocols:
    """The requirements of the protocols of a package, and the protocols that its types conform to."""

    def __init__(self):
        self.documented = {}  # The names of a protocol's requirements that have a docstring.
        self.inherited = {}  # The protocols that a type or a protocol names as its own, by the type's full name.

    def explain(self, type_name, member):
        """Tells if a documented requirement of a protocol that a type conforms to, or of the protocol itself, has a member's name."""
        seen, left = set(), [type_name]
        while left:
            name = left.pop()
            if name in seen:
                continue
            seen.add(name)
            if member in self.documented.get(name, ()):
                return True
            left += self.inherited.get(name, ())
        return False


INHERITANCE = re.compile(r"^\s*[\w.]+\s*(?:<(?:[^<>]|<[^<>]*>)*>)?\s*:\s*([^{]*)")


def inherited_names(signature):
    """The names after the colon of a type's declaration, without their type arguments."""
    match = INHERITANCE.match(signature)
    if not match:
        return []
    bare = re.sub(r"<(?:[^<>]|<[^<>]*>)*>", "", re.split(r"\bwhere\b", match.group(1))[0])
    return [part.split()[-1] for part in re.split(r"[,&]", bare) if part.strip()]


class Scope:
    """A pair of braces: of a file's declarations, or of anything else (`body`)."""

    def __init__(self, kind, is_public=False, name=""):
        self.kind, self.is_public, self.name = kind, is_public, name


KINDS = {"protocol": "protocol", "enum": "enum", "extension": "extension", "struct": "type", "class": "type", "actor": "type"}


def names_of(keyword, signature):
    """The names that a declaration declares: `case a, b(Int)` declares two."""
    if keyword != "case":
        return [name_of(keyword, signature)]
    bare = re.sub(r"\([^()]*\)", "", re.sub(r"=\s*[^,]*", "", signature))
    return [match.group(1) for part in bare.split(",") if (match := re.match(r"\W*(\w+)", part))]


def goes_on(lines, number):
    """Tells if the next line of code continues a declaration: a brace, a where clause, an effect, a return type."""
    for code, comment in lines[number:]:
        if comment is not None:
            return False
        if code.strip():
            return re.match(r"(\)|\{|where\b|->|throws\b|async\b|:)", code.strip()) is not None
    return False


def check_swift(path, protocols, undocumented=None, banned=None):
    """Adds what is wrong with a file of Swift to the two lists, and returns its number of public declarations.

    Without the lists, it adds the file's protocols and conformances to `protocols`, and nothing else.
    """
    is_first_pass = undocumented is None
    undocumented, banned = ([], []) if is_first_pass else (undocumented, banned)
    lines = strip_code(path.read_text())
    scopes, next_scope = [], Scope("body")
    doc = None  # The docstring that no declaration has followed yet.
    depth = 0  # Open parentheses of a declaration that goes on.
    is_inside_declaration = False
    count = 0
    for number, (code, comment) in enumerate(lines, 1):
        if comment is not None:
            if doc is None:
                doc = comment
                if is_banned(comment):
                    banned.append(f'{path}:{number}: "{comment}"')
            continue
        text = code.strip()
        if not text:
            continue
        if not is_inside_declaration:
            rest = text
            while match := ATTRIBUTE.match(rest):
                rest = rest[match.end() :]
            if not rest:  # An attribute on a line of its own.
                continue
            inside = scopes[-1] if scopes else Scope("file")
            match = DECLARATION.match(rest) if inside.kind != "body" else None
            next_scope = Scope("body")
            if match and not re.match(r"(?:\w+\s+)?import\b", rest):
                modifiers, keyword, signature = match.groups()
                ahead = number
                while signature.count("(") > signature.count(")") and ahead < len(lines):
                    signature += " " + lines[ahead][0].strip()
                    ahead += 1
                is_own = re.search(r"\b(public|package|open)\b(?!\()", modifiers) is not None
                is_hidden = re.search(r"\b(private|fileprivate|internal)\b(?!\()", modifiers) is not None
                owner = ".".join(scope.name for scope in scopes if scope.name)
                if is_first_pass and inside.kind == "protocol" and doc is not None:
                    protocols.documented.setdefault(owner, set()).update(names_of(keyword, signature))
                if is_first_pass and keyword in KINDS:
                    full = ".".join(filter(None, [owner, name_of(keyword, signature)]))
                    protocols.inherited.setdefault(full, []).extend(inherited_names(signature))
                inherits = inside.kind in ("protocol", "extension") or (inside.kind == "enum" and keyword == "case")
                is_public = is_own or (inside.is_public and inherits and not is_hidden)
                if is_public and keyword != "extension" and "override" not in modifiers:
                    for name in names_of(keyword, signature):
                        if name in STANDARD or (inside.kind != "protocol" and protocols.explain(owner, name)):
                            continue
                        count += 1
                        if doc is None:
                            full = ".".join(filter(None, [owner, name]))
                            undocumented.append(f"{path}:{number}: {keyword} {full}")
                if keyword in KINDS:
                    next_scope = Scope(KINDS[keyword], is_public, name_of(keyword, signature))
        for character in code:
            if character == "{":
                scopes.append(next_scope)
                next_scope = Scope("body")
            elif character == "}" and scopes:
                scopes.pop()
        depth = max(0, depth + code.count("(") - code.count(")"))
        is_inside_declaration = depth > 0 or (text[-1] not in "{};" and goes_on(lines, number))
        if not is_inside_declaration:
            doc = None
    return count


def is_banned(comment):
    first = re.match(r"\W*(\w+)", comment)
    return first is not None and first.group(1) in BANNED


def check_header(path, banned):
    previous = False
    for number, line in enumerate(path.read_text().split("\n"), 1):
        text = line.strip()
        if text.startswith("///") and not previous and is_banned(text[3:]):
            banned.append(f'{path}:{number}: "{text[3:].strip()}"')
        previous = text.startswith("///")


def main():
    arguments = sys.argv[1:]
    if arguments and arguments[0] in ("-h", "--help"):
        print(__doc__.strip())
        return 0
    root = pathlib.Path(__file__).resolve().parent.parent
    folders = [pathlib.Path(argument) for argument in arguments] or [root / "Sources"]
    undocumented, banned, count = [], [], 0
    protocols = Protocols()
    for path in sorted((root / "Sources").rglob("*.swift")):
        if not path.parent.is_symlink():
            check_swift(path, protocols)
    for folder in folders:
        if not folder.exists():
            print(f"check-documentation.py: {folder}: there is no such folder", file=sys.stderr)
            return 64
        # Links to other folders of sources are not followed.
        files = [folder] if folder.is_file() else sorted(folder.rglob("*"))
        for path in files:
            if path.suffix == ".swift" and not path.parent.is_symlink():
                count += check_swift(path, protocols, undocumented, banned)
            elif path.suffix == ".h" and "include" in path.parts:
                check_header(path, banned)
    for line in undocumented:
        print(f"{line} has no docstring".replace(f"{root}/", ""))
    for line in banned:
        print(f"{line} begins with a word that docstrings do not begin with".replace(f"{root}/", ""))
    print(
        f"{count} public declarations: {len(undocumented)} without a docstring; {len(banned)} docstrings that begin with "
        + ", ".join(BANNED[:-1]) + f" or {BANNED[-1]}")
    return 1 if undocumented or banned else 0


if __name__ == "__main__":
    sys.exit(main())
