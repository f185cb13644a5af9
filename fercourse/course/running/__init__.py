"""The runners' room: notebooks executed with parameters, each with its record, one page for all."""
