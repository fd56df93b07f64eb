package main

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
)

// addresses are where the parts listen, with real ports in place of 0.
type addresses struct {
	http, temporal, temporalUI, smtp, imap string
	workerHealth                           string
}

// resolveAddresses reads the flags and tries every port that a part of ours will take, so that nothing is started
// when one is taken.
func (u *up) resolveAddresses() error {
	var held []net.Listener
	var taken []string
	defer func() {
		for _, l := range held {
			_ = l.Close()
		}
	}()
	take := func(flag, given string, ours bool, into *string) error {
		if _, _, err := net.SplitHostPort(given); err != nil {
			return fmt.Errorf("%s %s: not an address such as 127.0.0.1:8080", flag, given)
		}
		*into = given
		if !ours {
			return nil
		}
		l, err := net.Listen("tcp", given)
		if errors.Is(err, syscall.EADDRINUSE) {
			_, port, _ := net.SplitHostPort(given)
			taken = append(taken, fmt.Sprintf("port %s is taken (%s %s)", port, flag, given))
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s %s: cannot listen there: %w", flag, given, err)
		}
		held = append(held, l)
		*into = l.Addr().String()
		return nil
	}

	a := &u.addresses
	health := cmp.Or(os.Getenv("DURADESK_WORKER_HEALTH_ADDR"), "127.0.0.1:0")
	err := errors.Join(
		take("--http", u.HTTP, u.runs(partAPI), &a.http),
		take("--temporal", u.Temporal, u.startsTemporal(), &a.temporal),
		take("--temporal-ui", u.TemporalUI, u.startsTemporal(), &a.temporalUI),
		take("--smtp", u.SMTP, u.runs(partMail), &a.smtp),
		take("--imap", u.IMAP, u.runs(partMail), &a.imap),
		take("DURADESK_WORKER_HEALTH_ADDR", health, u.runs(partWorker), &a.workerHealth),
	)
	if len(taken) > 0 {
		err = errors.Join(fmt.Errorf("%s; stop what listens there or choose another address", strings.Join(taken, ", ")), err)
	}
	if given := os.Getenv("TEMPORAL_ADDRESS"); given != "" {
		a.temporal, a.temporalUI = given, ""
	}
	return err
}

// reachable is an address to connect to for one to listen on: "every interface" is reached on loopback.
func reachable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
