"""Lint contracts with datacontract-cli and show what changed since they were published: `make contracts`."""

# ruff: file-ignore[print]
from __future__ import annotations

import sys
from pathlib import Path

from datacontract.data_contract import DataContract
from datacontract.model.breaking import Perspective

ROOT = Path(__file__).resolve().parent.parent
CONTRACTS = ROOT / "include" / "feeds" / "contracts"
PUBLISHED = ROOT / "tests" / "feeds" / "published"


def main() -> int:
    """Print what is wrong; 1 where a contract does not lint."""
    paths = [Path(argument) for argument in sys.argv[1:]] or sorted(CONTRACTS.glob("*.yaml"))
    wrong = 0
    for path in paths:
        run = DataContract(data_contract_file=str(path), inline_references=False).lint()
        if not run.has_passed():
            wrong += 1
            reasons = "; ".join(check.reason for check in run.checks if check.reason)
            print(f"{path}: 不符合 ODCS:{reasons}。 Not a valid ODCS document: {reasons}")
            continue
        published = PUBLISHED / path.name
        if path.parent == CONTRACTS and published.is_file():
            told = _document(published).breaking(_document(path), perspective=Perspective.PRODUCER)
            for one in told.entries:
                print(f"{path.name}: {one.level.value}: {one.message}")
    print(f"{len(paths)} 份契约,{wrong} 份有误。 {len(paths)} contracts, {wrong} wrong.")
    return int(wrong > 0)


def _document(path: Path) -> DataContract:
    return DataContract(data_contract_file=str(path), inline_references=False)


if __name__ == "__main__":
    sys.exit(main())
