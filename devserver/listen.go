package main

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// listener is a port that others will connect to, and the flag that chose it.
type listener struct {
	flag, ip string
	port     int
}

// listeners lists what the options ask to be opened.
func (o *options) listeners() []listener {
	ls := []listener{{"port", o.ip, o.port}}
	if !o.headless {
		ls = append(ls, listener{"ui-port", o.uiIP, o.uiPort})
	}
	if o.httpPort != 0 {
		ls = append(ls, listener{"http-port", o.ip, o.httpPort})
	}
	if o.metricsPort != 0 {
		ls = append(ls, listener{"metrics-port", o.ip, o.metricsPort})
	}
	return ls
}

// checkFree finds out before anything is started whether the port can be
// opened: the server itself would only log it and end the process.
func (l listener) checkFree() error {
	opened, err := net.Listen("tcp", address(l.ip, l.port))
	switch {
	case err == nil:
		return opened.Close()
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("port %d (--%s) is taken on %s: stop the program that listens there or choose another with --%s", l.port, l.flag, l.ip, l.flag)
	default:
		return fmt.Errorf("cannot listen on %s (--%s): %w", address(l.ip, l.port), l.flag, err)
	}
}

func address(ip string, port int) string {
	return net.JoinHostPort(ip, strconv.Itoa(port))
}

// reachable is the address under which a listener on ip is found from this
// machine: an unspecified one answers on loopback.
func reachable(ip string) string {
	switch parsed := net.ParseIP(ip); {
	case !parsed.IsUnspecified():
		return ip
	case parsed.To4() != nil:
		return loopback
	default:
		return "::1"
	}
}
