"""What can go wrong with weights and reviews. Each message says what was wrong, what was expected, what to do."""


class AssetError(Exception):
    """Weights or reviews could not be had."""


class AbsentPackageError(AssetError):
    """The package that carries the file is not installed, or is installed without the file."""


class CorruptedFileError(AssetError):
    """A file is not the one the course was made with."""


class UnknownNameError(AssetError, ValueError):
    """No such source of reviews."""


class NoNetworkError(AssetError):
    """The Hub was asked for and could not be reached."""


class CacheError(AssetError):
    """What was made cannot be kept: the cache's folder cannot be written to."""
