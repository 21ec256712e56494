"""The roof: settings, wiring and the supervisor. No app imports it."""
