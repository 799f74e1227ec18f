/* SPDX-License-Identifier: MIT */
#include "server/ports.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/packet-socket.h"
#include "base/text.h"
#include "server/port-owner.h"
#include "wire/dhcp4.h"
#include "wire/ipv4.h"

/* A burst of a thousand machines that are switched on at once must wait in
 * the socket, not be lost, and so must their answers while the processor has
 * more to do; a DHCP request is about 600 bytes, and twice that with the
 * kernel's own overhead. */
#define BURST_BUFFER (8 * 1024 * 1024)
#define HTTP_BACKLOG 1024

struct socket_kind {
	const char *name; /* for people */
	bool tcp;
	const char *advice; /* when the port is taken */
};

static const struct socket_kind dhcp = {
	"DHCP", false, "end it, or use --dhcp-no-bind to listen beside it"
};
static const struct socket_kind pxe = { "PXE boot server", false, "end it" };
static const struct socket_kind tftp = { "TFTP", false, "end it" };
static const struct socket_kind http = { "HTTP", true,
					 "end it, or use --http-port" };

static int taken(const struct socket_kind *kind, uint16_t port,
		 struct failure *failure)
{
	char owner[PORT_OWNER_MAX];

	if (port_owner_find(kind->tcp, port, owner) < 0)
		(void)str_copy(owner, sizeof(owner), "another program");
	return failure_set(failure, EADDRINUSE,
			   "cannot listen on %s port %u (%s): %s has it; %s",
			   kind->tcp ? "TCP" : "UDP", port, kind->name, owner,
			   kind->advice);
}

static int bind_failed(const struct socket_kind *kind, uint32_t address,
		       uint16_t port, int err, struct failure *failure)
{
	char text[IPV4_TEXT_MAX];

	if (err == EADDRINUSE)
		return taken(kind, port, failure);
	if (err == EACCES || err == EPERM)
		return failure_set(failure, err,
				   "cannot listen on port %u (%s): not "
				   "permitted; run it as root, or with "
				   "CAP_NET_BIND_SERVICE and CAP_NET_RAW",
				   port, kind->name);
	if (err == EADDRNOTAVAIL)
		return failure_set(failure, err,
				   "cannot listen on %s: no interface of this "
				   "machine has this address; see ip address",
				   ipv4_text(address, text));
	return failure_errno(failure, err, "cannot listen on port %u (%s)",
			     port, kind->name);
}

static int open_socket(const struct socket_kind *kind, uint32_t address,
		       uint16_t port, struct failure *failure)
{
	const struct sockaddr_in here = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(address),
	};
	const int on = 1;
	int type = kind->tcp ? SOCK_STREAM : SOCK_DGRAM;
	_cleanup_fd int fd =
		socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	/* A TCP port whose last connections still linger is free; with UDP the
	 * option would mean to share the port. */
	if (fd < 0 ||
	    (kind->tcp &&
	     setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0) ||
	    (!kind->tcp &&
	     setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)) < 0) ||
	    bind(fd, (const struct sockaddr *)&here, sizeof(here)) < 0 ||
	    (kind->tcp && listen(fd, HTTP_BACKLOG) < 0))
		return bind_failed(kind, address, port, errno, failure);
	return TAKE_FD(fd);
}

/* Beyond the system's limit only with CAP_NET_ADMIN; what can be had is
 * fine. */
static void set_buffer(int fd, int beyond, int within)
{
	const int size = BURST_BUFFER;

	if (setsockopt(fd, SOL_SOCKET, beyond, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, within, &size, sizeof(size));
}

static void set_buffers(int fd)
{
	set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF);
	set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF);
}

static int open_dhcp(const struct serve_settings *settings, struct ports *ports,
		     struct failure *failure)
{
	const int on = 1;

	/* Broadcasts do not come to a socket bound to one address; which
	 * interfaces are served is looked at packet by packet. */
	ports->dhcp_fd =
		open_socket(&dhcp, INADDR_ANY, settings->dhcp_port, failure);
	if (ports->dhcp_fd < 0)
		return ports->dhcp_fd;
	if (setsockopt(ports->dhcp_fd, SOL_SOCKET, SO_BROADCAST, &on,
		       sizeof(on)) < 0)
		return failure_errno(failure, errno, "cannot send broadcasts");
	set_buffers(ports->dhcp_fd);
	return 0;
}

static int open_dhcp_raw(const struct serve_settings *settings,
			 struct ports *ports, struct failure *failure)
{
	const int on = 1;

	ports->dhcp_raw = true;
	ports->dhcp_fd = packet_socket_open(0, settings->dhcp_port);
	if (ports->dhcp_fd < 0)
		return failure_errno(failure, -ports->dhcp_fd,
				     "cannot listen beside the DHCP server of "
				     "this machine (packet socket); run it as "
				     "root, or with CAP_NET_RAW");
	set_buffers(ports->dhcp_fd);
	ports->raw_send_fd = socket(
		AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW);
	if (ports->raw_send_fd < 0 ||
	    setsockopt(ports->raw_send_fd, SOL_SOCKET, SO_BROADCAST, &on,
		       sizeof(on)) < 0)
		return failure_errno(failure, errno,
				     "cannot open a raw socket; run it as "
				     "root, or with CAP_NET_RAW");
	set_buffers(ports->raw_send_fd);
	return 0;
}

static int open_all(const struct serve_settings *settings, struct ports *ports,
		    struct failure *failure)
{
	int r = settings->dhcp_no_bind ? open_dhcp_raw(settings, ports, failure)
				       : open_dhcp(settings, ports, failure);

	if (r < 0)
		return r;
	ports->pxe_fd = open_socket(&pxe, settings->listen, settings->pxe_port,
				    failure);
	if (ports->pxe_fd < 0)
		return ports->pxe_fd;
	set_buffers(ports->pxe_fd);
	ports->tftp_fd = open_socket(&tftp, settings->listen,
				     settings->tftp_port, failure);
	if (ports->tftp_fd < 0)
		return ports->tftp_fd;
	set_buffers(ports->tftp_fd);
	ports->http_fd = open_socket(&http, settings->listen,
				     settings->http_port, failure);
	return MIN(ports->http_fd, 0);
}

static int check_interfaces(const struct serve_settings *settings,
			    struct failure *failure)
{
	for (size_t i = 0; i < settings->interface_count; i++)
		if (if_nametoindex(settings->interfaces[i]) == 0)
			return failure_set(failure, ENODEV,
					   "--interface: this machine has no "
					   "%s; see ip link",
					   settings->interfaces[i]);
	return 0;
}

int ports_open(const struct serve_settings *settings, struct ports *ret_ports,
	       struct failure *failure)
{
	struct ports ports = {
		.dhcp_fd = FD_NONE,
		.raw_send_fd = FD_NONE,
		.pxe_fd = FD_NONE,
		.tftp_fd = FD_NONE,
		.http_fd = FD_NONE,
	};
	int r = check_interfaces(settings, failure);

	if (r == 0)
		r = open_all(settings, &ports, failure);
	if (r < 0) {
		ports_close(&ports);
		return r;
	}
	*ret_ports = ports;
	return 0;
}

void ports_close(struct ports *ports)
{
	ports->dhcp_fd = fd_close(ports->dhcp_fd);
	ports->raw_send_fd = fd_close(ports->raw_send_fd);
	ports->pxe_fd = fd_close(ports->pxe_fd);
	ports->tftp_fd = fd_close(ports->tftp_fd);
	ports->http_fd = fd_close(ports->http_fd);
}

static bool is_served(const struct serve_settings *settings, const char *name,
		      uint32_t address)
{
	if (settings->listen && settings->listen != address)
		return false;
	for (size_t i = 0; i < settings->interface_count; i++)
		if (str_eq(settings->interfaces[i], name))
			return true;
	return settings->interface_count == 0;
}

bool ports_serves(const struct serve_settings *settings, uint32_t address)
{
	struct ifaddrs *list;
	bool serves = address >> 24 == IN_LOOPBACKNET;

	if (settings->interface_count == 0 || serves)
		return true;
	if (getifaddrs(&list) < 0)
		return false;
	for (struct ifaddrs *at = list; at && !serves; at = at->ifa_next)
		serves = at->ifa_addr && at->ifa_addr->sa_family == AF_INET &&
			 ntohl(((struct sockaddr_in *)(void *)at->ifa_addr)
				       ->sin_addr.s_addr) == address &&
			 is_served(settings, at->ifa_name, address);
	freeifaddrs(list);
	return serves;
}

size_t ports_describe(const struct serve_settings *settings,
		      void (*line)(void *to, const char *text), void *to)
{
	struct ifaddrs *list;
	size_t count = 0;

	if (getifaddrs(&list) < 0)
		return 0;
	for (struct ifaddrs *at = list; at; at = at->ifa_next) {
		char buf[IFNAMSIZ + IPV4_TEXT_MAX + 2], ip[IPV4_TEXT_MAX];
		struct text text = text_over(buf, sizeof(buf));
		uint32_t address;

		if (!at->ifa_addr || at->ifa_addr->sa_family != AF_INET ||
		    at->ifa_flags & IFF_LOOPBACK)
			continue;
		address = ntohl(((struct sockaddr_in *)(void *)at->ifa_addr)
					->sin_addr.s_addr);
		if (!is_served(settings, at->ifa_name, address))
			continue;
		text_add(&text, "%s %s", at->ifa_name, ipv4_text(address, ip));
		line(to, buf);
		count++;
	}
	freeifaddrs(list);
	return count;
}
