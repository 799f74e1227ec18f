# SPDX-License-Identifier: MIT
"""What the cases of a scenario share."""

from .cache import CACHE
from .guest import Bootstrap
from .server import Authority, Server
from .vm import OUT, VM, WORK, boot_directory


class Lab:
    """A machine that boots the bootstrap, and servers of images beside it.

    arguments: for the kernel command line, https: also serve by HTTPS, with
    an authority made for this run.
    """

    def __init__(self, name, arguments="", https=False, booted=True, **vm):
        self._name = name
        self._arguments = arguments
        self._booted = booted
        self._vm_options = vm
        CACHE.mkdir(parents=True, exist_ok=True)
        self.work = WORK / name
        self.work.mkdir(parents=True, exist_ok=True)
        log = self.work / "http.log"
        log.unlink(missing_ok=True)
        self.http = Server(CACHE, log=log)
        self.https = None
        if https:
            self.authority = Authority(self.work / "authority")
            self.https = Server(CACHE, authority=self.authority, log=log)
        self.vm = None
        self.boot = None
        self.boot_seconds = None

    def set_arguments(self, arguments):
        """Other words for the kernel command line, before the start."""
        self._arguments = arguments

    def __enter__(self):
        for server in (self.http, self.https):
            if server:
                server.__enter__()
        directory = boot_directory(self.work / "tftp", OUT, self._arguments)
        self.vm = VM(self._name, directory, **self._vm_options)
        try:
            self.vm.start()
            self.boot = Bootstrap(self.vm)
            if self._booted:
                self.boot_seconds = self.boot.booted()
        except BaseException as error:
            self.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def __exit__(self, kind, value, traceback):
        self.vm.__exit__(kind, value, traceback)
        for server in (self.https, self.http):
            if server:
                server.__exit__(kind, value, traceback)

    def url(self, path, query=""):
        """Where the guest finds a file of the cache, by HTTP."""
        return self.http.url(path.name, query)
