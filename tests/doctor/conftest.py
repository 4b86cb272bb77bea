from tests.doctor.programs import install, no_programs

__all__ = ["install", "no_programs"]
