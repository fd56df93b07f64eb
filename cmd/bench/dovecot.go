package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"duradesk/e2e/dovecot"
)

// dovecotAddress is that of the desk's mailbox in Dovecot.
const dovecotAddress = "dovecot@desk.example"

// dovecotBox is a mailbox of a Dovecot of its own, which the desk reads.
type dovecotBox struct {
	server *dovecot.Server
	host   *host
}

// openDovecot starts a Dovecot and has the desk read a mailbox there; it returns once that is watched.
func (b *bench) openDovecot(ctx context.Context) (_ *dovecotBox, err error) {
	box := &dovecotBox{host: &host{ctx: ctx}}
	err = box.host.try(func() { box.server = dovecot.Start(box.host, dovecot.Options{}) }) //nolint:contextcheck // its host has it
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			box.stop()
		}
	}()
	imap, err := door(box.server.IMAPAddr)
	if err != nil {
		return nil, err
	}
	smtp, err := door(b.desk.settings["DURADESK_SMTP_ADDR"])
	if err != nil {
		return nil, err
	}
	var made struct{ ID string }
	err = b.desk.call(ctx, http.MethodPost, "/mailboxes", object{
		"desk": "support", "address": dovecotAddress, "imap": imap, "smtp": smtp, "login": object{"mode": "password", "password": dovecot.Password},
	}, &made)
	if err != nil {
		return nil, err
	}
	err = until(ctx, time.Minute, "the mailbox in Dovecot is watched", func() (bool, error) {
		var now struct {
			State       string
			UIDValidity *int64 `json:"uid_validity"`
		}
		err := b.desk.call(ctx, http.MethodGet, "/mailboxes/"+made.ID, nil, &now)
		return now.State == "polling" && now.UIDValidity != nil, err
	})
	if err != nil {
		return nil, err
	}
	return box, nil
}

// door is an address of this machine, without TLS.
func door(address string) (object, error) {
	name, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("read the address of a mail server: %w", err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("read the port of a mail server: %w", err)
	}
	return object{"host": name, "port": number, "tls": "none"}, nil
}

// post puts n mails into the mailbox at once, each from a client of its own.
func (box *dovecotBox) post(_ context.Context, title string, n int) error {
	mails := make([][]byte, n)
	for i := range mails {
		mails[i] = write(fmt.Sprintf("%s-%d@client.example", title, i), fmt.Sprintf("Client %d", i), dovecotAddress, title, complaint)
	}
	return box.host.try(func() { box.server.Fill(dovecotAddress, mails) })
}

// stop ends the server. The desk keeps the mailbox, and finds it away.
func (box *dovecotBox) stop() { box.host.stop() }

// host is whom a Dovecot belongs to here: what fails is an error.
type host struct {
	ctx      context.Context
	said     string
	failed   bool
	cleanups []func()
}

// failure leaves what failed.
type failure struct{ of *host }

// try does what a test would do.
func (h *host) try(do func()) (err error) {
	defer func() {
		if left := recover(); left == (failure{h}) {
			err = errors.New(h.said)
		} else if left != nil {
			panic(left)
		}
	}()
	do()
	return nil
}

func (h *host) stop() {
	for len(h.cleanups) > 0 {
		last := h.cleanups[len(h.cleanups)-1]
		h.cleanups = h.cleanups[:len(h.cleanups)-1]
		last()
	}
}

func (h *host) Errorf(format string, args ...any) { h.said = fmt.Sprintf(format, args...) }

func (h *host) FailNow() {
	h.failed = true
	panic(failure{h})
}

func (h *host) Helper()                  {}
func (h *host) Cleanup(f func())         { h.cleanups = append(h.cleanups, f) }
func (h *host) Context() context.Context { return h.ctx }
func (h *host) Failed() bool             { return h.failed }
func (h *host) Logf(string, ...any)      {}
