"""A whole installation in one process, on a clock, a PostgreSQL and a Kafka that a seed decides.

The production store, relay, reactions and projection run unchanged; what they talk to is played.
A seed gives a plan of faults and commands, and a plan gives one run, always the same.
"""
