"""What holds for every test of the project."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.limits", "tests.postgresql"]

# The same cases in every run (`make fuzz` looks for new ones), and no clock: a busy machine is no fault of the code.
settings.register_profile(
    "suite", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.load_profile("suite")
