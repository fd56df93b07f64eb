package api

import (
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"duradesk/ticket"
)

// hostPattern are names in a resolver's view (RFC 1123, 2.1, and the underscore of the Windows world), and whatever has the
// characters of an IPv6 address.
var hostPattern = regexp.MustCompile(`^([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\.?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$`)

var hostRule = rule{min: 1, max: 253, line: true, pattern: hostPattern, like: "host"}

// isHost reports whether what is written like a host is one: with a colon, or a number at its end, it is an IP address or
// nothing.
func isHost(name string) bool {
	last := strings.TrimSuffix(name, ".")
	last = last[strings.LastIndexByte(last, '.')+1:]
	if !strings.Contains(name, ":") && strings.Trim(last, "0123456789") != "" {
		return true
	}
	_, err := netip.ParseAddr(name)
	return err == nil
}

func (o *object) mailDoor(name string, needed bool, d *ticket.MailDoor) {
	in := o.inside(name, needed)
	if in == nil {
		return
	}
	host, port, _ := net.SplitHostPort(d.Addr)
	number, _ := strconv.Atoi(port)
	was := host
	if in.given("host", hostRule, needed, &host); host != was && hostPattern.MatchString(host) && !isHost(host) {
		in.blame("host", hostRule.like, nil)
	}
	if n, ok := in.whole("port", needed, 1, 65535); ok {
		number = int(n)
	}
	in.chosen("tls", []string{"none", "starttls", "tls"}, needed, &d.TLS)
	in.done()
	d.Addr = net.JoinHostPort(host, strconv.Itoa(number))
}
