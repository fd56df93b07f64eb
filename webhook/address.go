package webhook

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// ErrAddress says that an address lies inside: nobody outside may have the desk call it.
var ErrAddress = errors.New("the address is private, loopback, link-local or otherwise not public")

// Hosts are names that may be called wherever they lead: an intranet's, or a test's. Each is a host, or host:port.
type Hosts []string

// Allow tells whether a host and port were allowed by name.
func (h Hosts) Allow(host, port string) bool {
	for _, one := range h {
		if strings.EqualFold(one, host) || strings.EqualFold(one, host+":"+port) || strings.EqualFold(one, "["+host+"]:"+port) {
			return true
		}
	}
	return false
}

// CheckURL tells early what is wrong with an address. Whether its name leads inside shows when it is called, each time
// anew: names change what they stand for.
func CheckURL(raw string, allowed Hosts) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return errors.New("an address is https://host/path, or http:// with the same")
	case u.User != nil:
		return errors.New("an address has no user and password in it: what is sent is signed")
	case u.Fragment != "":
		return errors.New("an address has no fragment (#)")
	}
	if allowed.Allow(u.Hostname(), port(u)) {
		return nil
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil && !Public(ip) {
		return fmt.Errorf("%s: %w", ip, ErrAddress)
	}
	if name := strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")); name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return fmt.Errorf("%s: %w", name, ErrAddress)
	}
	return nil
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if u.Scheme == "https" {
		return "443"
	}
	return "80"
}

// inside lists what is not public besides what package netip knows (IANA special-purpose registries, RFC 6890).
var inside = prefixes("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
	"240.0.0.0/4", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fec0::/10")

func prefixes(all ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(all))
	for i, p := range all {
		out[i] = netip.MustParsePrefix(p)
	}
	return out
}

// Public tells whether an address belongs to the outside world.
func Public(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	if !ip.IsValid() || !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return false // loopback, link-local, multicast, unspecified and broadcast are no global unicast
	}
	for _, p := range inside {
		if p.Contains(ip) {
			return false
		}
	}
	return true
}
