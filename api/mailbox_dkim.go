package api

import (
	"regexp"

	"duradesk/api/openapi"
	"duradesk/ticket"
)

var (
	selectorRule = rule{min: 1, max: 63, line: true, pattern: regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`), like: "selector"}
	pemRule      = rule{min: 1, max: 8000}
)

// dkim shows how a mailbox signs, and the record to publish; never the key.
func dkim(m ticket.MailSettings) *openapi.MailDkim {
	if m.DKIM.Selector == "" {
		return nil
	}
	name, value := m.DKIM.Record(m.Address)
	return &openapi.MailDkim{Selector: m.DKIM.Selector, Sign: m.DKIM.Signs, RecordName: name, RecordValue: value}
}

// dkim reads how a mailbox is to sign. Another selector gets another key: receivers may look for the old one for days.
func (o *object) dkim(m *ticket.MailSettings) {
	if v, given := o.fields["dkim"]; given && v == nil {
		o.get("dkim", false)
		m.DKIM = ticket.DKIM{}
		return
	}
	in := o.inside("dkim", false)
	if in == nil {
		return
	}
	d := &m.DKIM
	before := d.Selector
	in.given("selector", selectorRule, before == "", &d.Selector)
	d.Key = ticket.Secret(in.text("private_key", pemRule))
	in.flag("sign", &d.Signs)
	in.done()
	if d.Renew = d.Key != "" || d.Selector != before; d.Renew && in.fields["sign"] == nil {
		d.Signs = false // until the new record is published
	}
}
