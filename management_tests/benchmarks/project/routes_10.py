from management_tests.benchmarks.project.routes import build_things

routes = build_things(10)
