package console

import (
	"net/http"
	"net/url"

	"duradesk/api/openapi"
)

func mailboxShelf() *shelf {
	return &shelf{
		key: "mailboxes", group: "mail", icon: "inbox", see: person.Admin, make: person.Admin, edit: mayAdmin, path: "/mailboxes", id: byID, drop: true,
		name:    func(_ *visit, t thing) string { return t.text("address") },
		columns: []string{"address", "for_desk", "mail_state", "last_seen"},
		row: func(v *visit, t thing) []cell {
			return []cell{{Text: t.text("address")}, {Text: v.deskName(t)}, v.mailState(t), {Time: t.time(v, "last_seen_at")}}
		},
		one: func(v *visit, id string) (t thing, err error) {
			t, err = v.oneAt("/mailboxes/", id)
			if err != nil {
				return nil, err
			}
			if set, ok := t.at("settings").(map[string]any); ok { // the form knows them without their shelf
				for name, value := range set {
					t[name] = value
				}
			}
			return t, nil
		},
		form: mailboxForm,
		finish: func(body map[string]any, t thing) {
			signing, _ := body["dkim"].(map[string]any)
			switch {
			case signing["selector"] != "": // what is said holds
			case t.text("dkim.selector") != "":
				body["dkim"] = nil // taken away
			default:
				delete(body, "dkim")
			}
		},
		beside: func(_ *visit, t thing) (string, any, error) {
			out := mailboxPart{ID: byID(t), Address: t.text("address"), Trouble: t.text("last_error")}
			if t.text("dkim.selector") != "" {
				out.Record = &dkimRecord{t.text("dkim.record_name"), t.text("dkim.record_value"), t.at("dkim.sign") == true}
			}
			return "mailbox-part", out, nil
		},
	}
}

func (v *visit) mailState(t thing) cell {
	state := t.text("state")
	out := cell{Text: sayOr(v.lang, "mail_state."+state, state), Small: t.text("last_error"), Tone: "wait"}
	if out.Small != "" {
		out.Tone = "bad"
	} else if state == "watching" || state == "ok" || state == "reading" {
		out.Tone = "good"
	}
	return out
}

func mailboxForm(v *visit, t thing) ([]section, error) {
	h, err := v.theHouse()
	if err != nil {
		return nil, err
	}
	about := section{Fields: []field{ask("address", oneLiner, needed), ask("desk", pick, quiet, of(h.deskOptions()), called("for_desk")), ask("enabled", tick, from("1"), called("mail_enabled"))}}
	about.Fields[0].Fixed = t != nil
	login := section{Name: "set.login", Fields: []field{
		ask("login.mode", pick, of(v.opts("login_mode", "password", "xoauth2", "oauthbearer"))), ask("login.username", oneLiner, quiet), ask("login.password", secret, quiet, called("mail_password")),
		ask("login.token_url", oneLiner, quiet), ask("login.client_id", oneLiner, quiet), ask("login.client_secret", secret, quiet), ask("login.scope", oneLiner, quiet), ask("login.refresh_token", secret, quiet),
	}}
	for i, mark := range map[int]string{2: "login.password_set", 5: "login.client_secret_set", 7: "login.refresh_token_set"} {
		if t.at(mark) == true {
			login.Fields[i].Help = "set_help.secret_kept"
		}
	}
	ports := map[string]string{"imap": "993", "smtp": "587"}
	modes := map[string]string{"imap": "tls", "smtp": "starttls"}
	out := []section{about, login}
	for _, door := range []string{"imap", "smtp"} {
		out = append(out, section{Name: "set." + door, Fields: []field{
			ask(door+".host", oneLiner, needed), ask(door+".port", whole, needed, from(ports[door])), ask(door+".tls", pick, of(v.opts("tls", "tls", "starttls", "none")), from(modes[door])),
		}})
	}
	return append(out, section{Name: "set.reading", Fields: []field{
		ask("folder", oneLiner, quiet, from("INBOX")), ask("after.mode", pick, of(v.opts("after_mode", "keyword", "seen", "move", "delete")), called("after_mode")), ask("after.folder", oneLiner, called("after_folder")),
		ask("sent_folder", oneLiner), ask("authserv_id", oneLiner), ask("subaddress", tick), ask("from_start", tick), ask("poll_seconds", whole, quiet, from("60")),
	}}, section{Name: "set.dkim", Help: "set_help.dkim", Fields: []field{
		ask("dkim.selector", oneLiner), ask("dkim.sign", tick, called("dkim_sign")),
	}}, capsSection(t)), nil
}

func capsSection(t thing) section {
	s := section{Name: "set.caps", Help: "set_help.caps"}
	for _, name := range []string{"address_hour", "address_day", "hour", "ticket_ten_minutes", "sends_minute"} {
		s.Fields = append(s.Fields, ask("caps."+name, whole, quiet))
	}
	if t == nil {
		return section{}
	}
	return s
}

// mailboxPart is what can be done with a mailbox beside its form.
type mailboxPart struct {
	ID, Address, Trouble string
	Record               *dkimRecord // nil where it does not sign
}

// dkimRecord is what must stand in DNS before signatures are believed.
type dkimRecord struct {
	Name, Value string
	Signs       bool
}

// mailTestView is how a mailbox's servers answered.
type mailTestView struct {
	OK    bool
	Doors []mailDoorView
}

type mailDoorView struct {
	Name, Text, Detail, Abilities, Mails string
	OK                                   bool
}

// testMailbox tries a mailbox's servers, and says how they answered.
func (v *visit) testMailbox() error {
	var got openapi.MailboxTest
	if err := v.ask(http.MethodPost, "/mailboxes/"+url.PathEscape(v.r.PathValue("id"))+"/test", nil, &got); err != nil {
		return err
	}
	out := mailTestView{OK: got.Ok}
	for _, d := range []struct {
		name string
		got  openapi.MailDoorTest
	}{{"set.imap", got.Imap}, {"set.smtp", got.Smtp}} {
		door := mailDoorView{Name: say(v.lang, d.name), Text: d.got.Text, Detail: deref(d.got.Detail), OK: d.got.Ok, Abilities: joined(d.got.Abilities)}
		if d.got.Mails != nil {
			door.Mails = count(*d.got.Mails, false)
		}
		out.Doors = append(out.Doors, door)
	}
	return v.show(http.StatusOK, "mailbox-test", out)
}

// reconcileMailbox compares a mailbox with its ledger.
func (v *visit) reconcileMailbox() error {
	var got openapi.Reconciliation
	if err := v.ask(http.MethodPost, "/mailboxes/"+url.PathEscape(v.r.PathValue("id"))+"/reconcile", nil, &got); err != nil {
		return err
	}
	return v.show(http.StatusOK, "mailbox-even", got)
}

func mailRoutes() []route {
	return []route{
		{pattern: "POST /-/mailboxes/{id}/test", serve: (*visit).testMailbox},
		{pattern: "POST /-/mailboxes/{id}/reconcile", serve: (*visit).reconcileMailbox},
		{pattern: "POST /-/quarantine/{mailbox}/{validity}/{uid}", serve: (*visit).retryMail},
		{pattern: "POST /-/undeliverable", serve: (*visit).clearAddress},
	}
}
