"""`python -m tests.conformance [area ...]`: what passes, and why the rest does not."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from tests.cluster import Cluster
from tests.conformance.cases import classes
from tests.conformance.clusters import Clusters
from tests.conformance.runner import Outcome, run_class

FOLDER = Path(__file__).parents[3] / "shared" / "conformance" / "hasura"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("areas", nargs="*", help="areas to play (default: all)")
    parser.add_argument("-k", default="", help="only classes and cases whose id contains this")
    parser.add_argument("-q", action="store_true", help="only the table")
    options = parser.parse_args()
    clusters = Clusters(Cluster.start(), FOLDER)
    try:
        for area, groups in classes(FOLDER).items():
            if not options.areas or area in options.areas:
                chosen = [group for group in groups if options.k in str(group)]
                found = [(clusters.of(group), group) for group in chosen]
                outcomes = [one for at, group in found if at for one in asyncio.run(run_class(at, FOLDER, group))]
                report(area, [one for one in outcomes if options.k in one.id], quiet=options.q)
    finally:
        clusters.stop()
        clusters.usual.stop()


def report(area: str, outcomes: list[Outcome], *, quiet: bool) -> None:
    passed = [one for one in outcomes if one.reason is None]
    exact = sum(one.exact for one in passed)
    print(f"{area:24} {len(passed):3} of {len(outcomes):3} pass, {exact:3} exactly")
    for one in outcomes if not quiet else ():
        if one.reason:
            print(f"  {one.id}\n    {one.reason}")


if __name__ == "__main__":
    main()
