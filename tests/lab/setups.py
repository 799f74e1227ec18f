# SPDX-License-Identifier: MIT
"""What the cases of a scenario share."""

from .cache import CACHE
from .bootserver import BootServer
from .firmware import BIOS, Machine
from .guest import BOOT_SECONDS, Bootstrap
from .network import ROUTER, SERVER, Network
from .server import Authority, Server
from .vm import OUT, VM, WORK, boot_directory


class Lab:
    """A machine that boots the bootstrap, and servers of images beside it.

    arguments: for the kernel command line, https: also serve by HTTPS, with
    an authority made for this run, out: what `boomerang build` wrote.
    BOOT_SECONDS: it takes at most from power-on to the prompt.
    """

    BOOT_SECONDS = BOOT_SECONDS

    def __init__(self, name, arguments="", https=False, booted=True, out=OUT,
                 **vm):
        self._name = name
        self._arguments = arguments
        self._out = out
        self._booted = booted
        self._vm_options = vm
        CACHE.mkdir(parents=True, exist_ok=True)
        self.work = WORK / name
        self.work.mkdir(parents=True, exist_ok=True)
        log = self.work / "http.log"
        log.unlink(missing_ok=True)
        self.http = self._image_server(log)
        self.https = None
        if https:
            self.authority = Authority(self.work / "authority")
            self.https = Server(CACHE, authority=self.authority, log=log)
        self.vm = None
        self.boot = None
        self.boot_seconds = None

    def _image_server(self, log):
        return Server(CACHE, log=log)

    def _start_machine(self, directory):
        self.vm = VM(self._name, directory, **self._vm_options)
        self.vm.start()

    def set_arguments(self, arguments):
        """Other words for the kernel command line, before the start."""
        self._arguments = arguments

    def __enter__(self):
        for server in (self.http, self.https):
            if server:
                server.__enter__()
        directory = boot_directory(self.work / "tftp", self._out,
                                   self._arguments)
        try:
            self._start_machine(directory)
            self.boot = Bootstrap(self.vm, self.BOOT_SECONDS)
            if self._booted:
                self.boot_seconds = self.boot.booted()
                self.boot.online()
        except BaseException as error:
            self.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def __exit__(self, kind, value, traceback):
        if self.vm:
            self.vm.__exit__(kind, value, traceback)
        for server in (self.https, self.http):
            if server:
                server.__exit__(kind, value, traceback)

    def url(self, path, query=""):
        """Where the guest finds a file of the cache, by HTTP."""
        return self.http.url(path.name, query)


class ServedLab(Lab):
    """The same in a network of its own (network.py, for which it takes root):
    the machine boots from boomerang serve beside a plain DHCP server.

    FIRMWARE: that it has; SERVE: arguments of the server."""

    MAC = "52:54:00:fa:00:01"
    FIRMWARE = BIOS
    SERVE = ()

    def __init__(self, name, arguments="", **options):
        self.network = None
        self.server = None
        super().__init__(name, arguments, **options)

    def _image_server(self, log):
        self.network = Network(self.work)
        with self.network.router.inside():
            return Server(CACHE, log=log, address=ROUTER)

    def _start_machine(self, directory):
        self.network.__enter__()
        log = self.work / "server.log"
        log.unlink(missing_ok=True)
        self.server = BootServer(self.network.server, SERVER, log,
                                 *self.SERVE, directory)
        self.server.__enter__()
        self.vm = Machine(self._name, self.FIRMWARE, self.network, self.MAC,
                          **self._vm_options)
        self.vm.start()

    def __exit__(self, kind, value, traceback):
        super().__exit__(kind, value, traceback)
        if self.server:
            self.server.__exit__(kind, value, traceback)
        self.network.__exit__(kind, value, traceback)
