"""Check a bundle of `zhijie journal prove`: `python check_proof.py bundle.json [published SEQ:HASH …]`.

Prints OK and the head that the rows lead to, which is to be compared with the one published; or what fails.
"""

import sys
from hashlib import sha256
from json import dumps, loads
from pathlib import Path

bundle = loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
seq, last = bundle["start"]
told, wanted = [], set(sys.argv[2:]) - {f"{seq}:{last}"}
for number, digest, *shown in bundle["chain"]:
    seq, last = seq + 1, sha256((last + digest).encode()).hexdigest()
    wanted.discard(f"{seq}:{last}")
    rows = [loads(text) for text in shown if sha256(text.encode()).hexdigest() == digest]
    told += [row["after"] for row in rows]
    if number != seq or [(r["seq"], r["subject"]) for r in rows] != [(seq, bundle["subject"])] * len(shown):
        sys.exit(f"row {seq}: missing, edited, or not of this place")
if wanted or bundle["head"] != f"{seq}:{last}":
    sys.exit(f"row {seq}: the chain leads to {seq}:{last}, not to {sorted(wanted) or bundle['head']}")
for name, digest, *texts in bundle["things"]:
    if f'"{digest}"' not in dumps(told) or any(sha256(text.encode()).hexdigest() != digest for text in texts):
        sys.exit(f"{name}: edited, or no row shown holds its SHA-256")
print(f"OK {bundle['head']}")
