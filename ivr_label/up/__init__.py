"""`make run`: one supervisor for the services, the web server and the workers."""
