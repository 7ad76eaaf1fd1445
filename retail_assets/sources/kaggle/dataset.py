"""Where the files of a Kaggle data set are on this machine."""

from __future__ import annotations

from pathlib import Path

from retail_assets.settings import Settings
from retail_assets.sources.declared.errors import SourceUnavailable

CREDENTIALS = "KAGGLE_API_TOKEN, or KAGGLE_USERNAME and KAGGLE_KEY (kaggle.com, Settings, API)"


def drop_folder(settings: Settings, handle: str) -> Path:
    """Where people put the unpacked files of a data set; ``owner/name``, without its version."""
    owner, name = handle.split("/")[:2]
    return settings.data_dir / "kaggle" / owner / name


def dataset_folder(settings: Settings, handle: str) -> Path:
    """The folder of the data set's files: the drop folder where it holds any, or else kagglehub's cache, up to date.

    Raises:
        SourceUnavailable: it is in no drop folder, and cannot be downloaded; the message says what to do.
    """
    dropped = drop_folder(settings, handle)
    if has_files(dropped):
        return dropped
    try:
        import kagglehub
        from kagglehub import exceptions
        from requests import RequestException
    except ModuleNotFoundError as error:
        raise _unavailable(
            dropped, handle, "kagglehub is not installed (pip install 'retail-assets[kaggle]')"
        ) from error
    try:
        return Path(kagglehub.dataset_download(handle))
    except (exceptions.UnauthenticatedError, exceptions.CredentialError) as error:
        raise _unavailable(dropped, handle, f"Kaggle does not know who asks: set {CREDENTIALS}") from error
    except RequestException as error:
        status = getattr(error.response, "status_code", None)
        raise _unavailable(dropped, handle, _fault(status)) from error
    except (exceptions.BackendError, exceptions.DataCorruptionError, exceptions.NotFoundError, ValueError) as error:
        raise _unavailable(dropped, handle, str(error).strip().partition("\n")[0]) from error


def has_files(folder: Path) -> bool:
    """Whether there is a folder, and anything in it that is not hidden."""
    return folder.is_dir() and any(not path.name.startswith(".") for path in folder.iterdir())


def _fault(status: int | None) -> str:
    if status in (401, 403):
        return f"Kaggle answers {status}: accept the data set's terms on its page, and set {CREDENTIALS}"
    if status == 404:
        return "Kaggle knows no such data set (404): correct its name, owner/name as in its address"
    return f"Kaggle answers {status}: try again later" if status else "Kaggle cannot be reached from this machine"


def _unavailable(dropped: Path, handle: str, cause: str) -> SourceUnavailable:
    return SourceUnavailable(
        f"the Kaggle data set {handle} is not here: {cause}. Or download it in a browser "
        f"(https://www.kaggle.com/datasets/{handle}) and unpack it into {dropped}."
    )
