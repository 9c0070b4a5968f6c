"""Coverage-guided fuzzing with atheris (libFuzzer): `make fuzz`. Not part of `make test`; hypothesis is."""
