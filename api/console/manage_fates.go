package console

import (
	"net/http"
	"net/url"

	"duradesk/api/openapi"
)

// fateID is how a mail is named: its mailbox and its place there.
func fateID(t thing) string {
	return t.text("mailbox") + ":" + t.text("uid_validity") + ":" + t.text("uid")
}

func quarantineShelf() *shelf {
	return &shelf{
		key: "quarantine", group: "mail", icon: "lock", path: "/quarantine", id: fateID, fixed: true,
		load:    fates("/quarantine"),
		columns: []string{"at", "in_mailbox", "why", "message_id", "do"},
		row: func(v *visit, t thing) []cell {
			raw := "/api/v1/quarantine/" + url.PathEscape(t.text("mailbox")) + "/" + t.text("uid_validity") + "/" + t.text("uid") + "/raw"
			return []cell{
				{Time: t.time(v, "at")},
				{Text: v.mailboxName(t)},
				{Text: evidence(t), Tone: "bad"},
				{Text: t.text("message_id"), Code: true},
				{Link: raw, Text: say(v.lang, "msg.raw"), Do: "/-/quarantine/" + url.PathEscape(t.text("mailbox")) + "/" + t.text("uid_validity") + "/" + t.text("uid"), DoText: say(v.lang, "quarantine.retry")},
			}
		},
	}
}

func ledgerShelf() *shelf {
	return &shelf{
		key: "ledger", group: "mail", icon: "book", see: person.Lead, path: "/ledger", id: fateID, fixed: true,
		load:    fates("/ledger"),
		columns: []string{"at", "in_mailbox", "uid", "fate", "ticket", "message_id"},
		row: func(v *visit, t thing) []cell {
			number := cell{Text: t.text("number")}
			if number.Text != "" {
				number.Link, number.Text = "/tickets/"+number.Text, "#"+number.Text
			}
			return []cell{{Time: t.time(v, "at")}, {Text: v.mailboxName(t)}, {Text: t.text("uid")}, {Text: sayOr(v.lang, "fate."+t.text("fate"), t.text("fate"))}, number, {Text: t.text("message_id"), Code: true}}
		},
	}
}

// fates are loaded of one mailbox where the address names it.
func fates(path string) func(*visit, string) ([]thing, string, error) {
	return func(v *visit, cursor string) ([]thing, string, error) {
		q := url.Values{"limit": {"100"}}
		if box := v.r.URL.Query().Get("mailbox"); box != "" {
			q.Set("mailbox", box)
		}
		return v.things(path, q, cursor)
	}
}

// mailboxName is the address of the mailbox that a mail came to.
func (v *visit) mailboxName(t thing) string {
	if v.boxes == nil {
		v.boxes = map[string]string{}
		var found openapi.MailboxList
		if err := v.get("/mailboxes", &found); err == nil { // without them the list is worth reading too
			for _, m := range found.Items {
				v.boxes[m.Id] = m.Address
			}
		}
	}
	if name := v.boxes[t.text("mailbox")]; name != "" {
		return name
	}
	return t.text("mailbox")
}

// evidence is why a mail could not be taken in.
func evidence(t thing) string {
	for _, name := range []string{"error", "why", "reason"} {
		if text := t.text("evidence." + name); text != "" {
			return text
		}
	}
	return ""
}

func (v *visit) retryMail() error {
	r := v.r
	path := "/quarantine/" + url.PathEscape(r.PathValue("mailbox")) + "/" + url.PathEscape(r.PathValue("validity")) + "/" + url.PathEscape(r.PathValue("uid")) + "/retry"
	if err := v.ask(http.MethodPost, path, nil, nil); err != nil {
		return err
	}
	return v.redirect("/manage/quarantine?done=retried")
}

func undeliverableShelf() *shelf {
	return &shelf{
		key: "undeliverable", group: "mail", icon: "out", see: person.Lead, path: "/undeliverable", id: func(t thing) string { return t.text("address") }, fixed: true,
		columns: []string{"address", "why", "since", "ticket", "do"},
		row: func(v *visit, t thing) []cell {
			number := cell{}
			if n := t.text("number"); n != "" {
				number = cell{Link: "/tickets/" + n, Text: "#" + n}
			}
			return []cell{
				{Text: t.text("address")},
				{Text: say(v.lang, "undeliverable."+t.text("why")), Small: t.text("reason")},
				{Time: t.time(v, "since")},
				number,
				{Do: "/-/undeliverable?address=" + url.QueryEscape(t.text("address")), DoText: say(v.lang, "undeliverable.clear")},
			}
		},
	}
}

func (v *visit) clearAddress() error {
	if err := v.ask(http.MethodDelete, "/undeliverable/"+url.PathEscape(v.r.URL.Query().Get("address")), nil, nil); err != nil {
		return err
	}
	return v.redirect("/manage/undeliverable?done=cleared")
}
