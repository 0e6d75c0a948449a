#!/usr/bin/env python3
"""Cuts every C++ example out of the documents and the public headers:  extract.py SOURCE_FOLDER OUTPUT_FOLDER

An example is a block between ```cpp fences in a document, or a run of indented lines in a comment of a header. It is
compiled as it stands (one of a header: after including that header and <tune/tune.h>). One that is a part of something stands in a frame,
frames/NAME.cc, at its line `// EXAMPLE`. A new example needs nothing here unless it is a part.

Writes OUTPUT_FOLDER/NAME.cc and prints a line for each: `program NAME` if it has a main, else `part NAME`. Exit code 1:
a frame without an example, or a file without any."""

import pathlib
import re
import sys

DOCUMENTS = ["README.md", "docs/cpp-api.md", "docs/trainables.md"]
HEADERS = ["trainables/include/tune/*.h", "tune/api/include/tune/*.h"]
WITHOUT = {"abi.h", "registration.h", "tune.h", "setting.h"}  # prose alone


def of_document(text):
    return re.findall(r"^```cpp\n(.*?)^```", text, re.M | re.S)


def of_header(text):
    """Runs of comment lines indented by two or more blanks beyond the text's one; an empty comment line inside belongs."""
    examples, lines = [], []
    for line in text.splitlines() + ["."]:
        inside = re.match(r"\s*///? {3,}(\S.*)$", line)
        if inside:
            lines.append(re.match(r"\s*///? {3}(.*)$", line).group(1))
        elif lines and re.fullmatch(r"\s*///?", line):
            lines.append("")
        elif lines:
            examples.append("\n".join(lines).rstrip() + "\n")
            lines = []
    return examples


def main():
    source, output = map(pathlib.Path, sys.argv[1:])
    frames = {f.stem: f.read_text() for f in (source / "tests/examples/frames").glob("*.cc")}
    found = []
    for name in DOCUMENTS:
        found += [(name, "", example) for example in of_document((source / name).read_text())]
    for pattern in HEADERS:
        for header in sorted(source.glob(pattern)):
            examples = of_header(header.read_text())
            if not examples and header.name not in WITHOUT:
                sys.exit(f"{header}: no example")
            include = f"#include <tune/{header.name}>\n"
            if header.name not in {"trainable.h", "trial.h"}:  # which need nothing else
                include += "#include <tune/tune.h>\n"
            found += [(header.name, include + "\n", example) for example in examples]

    output.mkdir(parents=True, exist_ok=True)
    count = {}
    for place, include, example in found:
        count[place] = count.get(place, 0) + 1
        name = re.sub(r"\W", "_", pathlib.Path(place).name) + f"_{count[place]}"
        frame = frames.pop(name, None)
        code = include + example if frame is None else frame.replace("// EXAMPLE\n", example)
        path = output / f"{name}.cc"
        if not path.exists() or path.read_text() != code:
            path.write_text(code)
        print("program" if re.search(r"^int main\(", code, re.M) else "part", name)
    if frames:
        sys.exit(f"frames without an example: {', '.join(sorted(frames))}")


main()
