package main

import (
	"bytes"
	"context"
	"fmt"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/jhillyerd/enmime/v2"

	"duradesk/e2e/dovecot"
)

// read puts n mails into a mailbox of its own, and fetches and parses them by the libraries alone: nothing is stored, nobody is
// told. No desk that reads mail is quicker.
func (box *dovecotBox) read(ctx context.Context, title string, n int) error {
	address := title + "@desk.example"
	mails := make([][]byte, n)
	for i := range mails {
		mails[i] = write(fmt.Sprintf("%s-%d@client.example", title, i), fmt.Sprintf("Client %d", i), address, title, complaint)
	}
	if err := box.host.try(func() { box.server.Fill(address, mails) }); err != nil {
		return err
	}
	c, err := imapclient.DialInsecure(box.server.IMAPAddr, nil)
	if err != nil {
		return fmt.Errorf("reach Dovecot: %w", err)
	}
	defer func() { _ = c.Close() }()
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	if err := c.Login(address, dovecot.Password).Wait(); err != nil {
		return fmt.Errorf("log in to Dovecot: %w", err)
	}
	if _, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		return fmt.Errorf("open a mailbox: %w", err)
	}
	all := imap.UIDSet{}
	all.AddRange(1, 0)
	fetch := c.Fetch(all, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}})
	seen := 0
	for mail := fetch.Next(); mail != nil; mail = fetch.Next() {
		got, err := mail.Collect()
		if err != nil {
			return fmt.Errorf("fetch a mail: %w", err)
		}
		for _, part := range got.BodySection {
			if _, err := enmime.ReadEnvelope(bytes.NewReader(part.Bytes)); err != nil {
				return fmt.Errorf("parse a mail: %w", err)
			}
			seen++
		}
	}
	if err := fetch.Close(); err != nil {
		return fmt.Errorf("fetch mails: %w", err)
	}
	if seen != n {
		return fmt.Errorf("%d of %d mails were fetched", seen, n)
	}
	return nil
}
