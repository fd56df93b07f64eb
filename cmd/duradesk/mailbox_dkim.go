package main

import (
	"fmt"
	"os"
)

// mailboxDKIM says how mail is signed (RFC 6376).
type mailboxDKIM struct {
	DKIMSelector *string `name:"dkim-selector" help:"Make a key to sign mail with, under this name in DNS; the record to publish is printed." placeholder:"NAME"`
	DKIMKey      *string `name:"dkim-key" type:"existingfile" help:"Take the private key from this PEM file instead." placeholder:"FILE"`
	DKIMSign     *bool   `name:"dkim-sign" negatable:"" help:"Sign what is sent: once the record is published."`
	DKIMRemove   bool    `name:"dkim-remove" help:"Take the key away."`
}

// into writes what is given as the API takes it.
func (f mailboxDKIM) into(body map[string]any) error {
	if f.DKIMRemove {
		body["dkim"] = nil
		return nil
	}
	dkim := map[string]any{}
	give(dkim, "selector", f.DKIMSelector)
	give(dkim, "sign", f.DKIMSign)
	if f.DKIMKey != nil {
		text, err := os.ReadFile(*f.DKIMKey)
		if err != nil {
			return fmt.Errorf("--dkim-key: %w", err)
		}
		dkim["private_key"] = string(text)
	}
	put(body, "dkim", dkim)
	return nil
}

// tell prints the record to publish, where something was said about signing.
func (f mailboxDKIM) tell(m mailboxShown) {
	d := m.Settings.DKIM
	if d == nil || f.DKIMSelector == nil && f.DKIMKey == nil && f.DKIMSign == nil {
		return
	}
	fmt.Fprintf(os.Stdout, "DNS, TXT record:\n%s\n%s\n", d.Name, d.Value)
	if !d.Sign {
		fmt.Fprintf(os.Stdout, "mail is not signed yet; once the record is published: duradesk mailbox set %s --dkim-sign\n", m.Address)
	}
}
