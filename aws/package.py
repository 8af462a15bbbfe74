"""Makes a zip of which the same files give the same bytes: package.py ZIP NAME=FILE…"""

import pathlib
import sys
import zipfile


def main(target, *files):
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, path in (file.split("=", 1) for file in files):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, which has modes
            entry.external_attr = 0o100755 << 16
            archive.writestr(entry, pathlib.Path(path).read_bytes())


if __name__ == "__main__":
    main(*sys.argv[1:])
