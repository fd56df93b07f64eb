package main

import (
	"duradesk/mail/sign"
	"duradesk/ticket"
)

// signer joins the activities' port to the door that signs.
type signer struct{}

func (signer) Sign(raw []byte, key ticket.SigningKey) ([]byte, error) {
	return sign.Sign(raw, []byte(key.Key.Reveal()), key.Domain, key.Selector)
}

// withKey gets the key that settings ask for: the one that was given, or one that is made.
func withKey(m ticket.MailSettings) (ticket.MailSettings, error) {
	d := &m.DKIM
	if !d.Renew {
		d.Key = ""
		return m, nil
	}
	key, err := sign.New()
	if d.Key != "" {
		if key, err = sign.Parse([]byte(d.Key.Reveal())); err != nil {
			return m, &ticket.Error{Code: ticket.Invalid, Field: "/dkim/private_key", Key: "dkim_key", Message: "this is no key to sign with: " + err.Error(), Args: map[string]string{"why": err.Error()}}
		}
	}
	if err != nil {
		return m, err
	}
	d.Key, d.Public = ticket.Secret(key.DER), key.Public
	return m, nil
}
