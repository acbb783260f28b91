"""An auditor reads every entry of a log, replays what it says, and cosigns what holds."""
