package console

import (
	"encoding/json"
	"net/http"
	"net/url"

	"duradesk/api/openapi"
)

func tokenShelf() *shelf {
	return &shelf{
		key: "tokens", group: "programs", icon: "lock", make: anybody, path: "/tokens", id: byID, fixed: true,
		load: func(v *visit, _ string) ([]thing, string, error) {
			q := url.Values{}
			if whose := v.r.URL.Query().Get("agent"); whose != "" {
				q.Set("agent", whose)
			}
			return v.things("/tokens", q, "")
		},
		columns: []string{"token", "holder", "scopes", "expires", "last_used", "do"},
		row: func(v *visit, t thing) []cell {
			holder := t.text("agent")
			if holder == "" {
				holder = t.text("client")
			}
			return []cell{
				{Text: byID(t), Code: true},
				{Text: holder},
				{Text: joined(t.texts("scopes"))},
				{Time: t.time(v, "expires_at")},
				{Time: t.time(v, "last_used_at")},
				{Do: "/-/tokens/" + url.PathEscape(byID(t)), DoText: say(v.lang, "tokens.revoke")},
			}
		},
		form: func(v *visit, _ thing) ([]section, error) {
			scopes := v.opts("scope", "tickets:read", "tickets:reply", "tickets:act", "admin")
			fields := []field{ask("scopes", several, of(scopes)), ask("expires_at", when, quiet)}
			if v.me.Admin() {
				h, err := v.theHouse()
				if err != nil {
					return nil, err
				}
				fields = append([]field{ask("agent", pick, quiet, of(h.agentChoices()), from(v.me.Key), called("token_of"))}, fields...)
			}
			return []section{{Fields: fields}}, nil
		},
		made: func(v *visit, s *shelf, answer thing) (bool, error) {
			return true, v.showOnce(s, answer.text("token"), "once.token")
		},
	}
}

// onceView shows a secret, once.
type onceView struct {
	frame
	Key, Back, Secret, Why string
}

func (v *visit) showOnce(s *shelf, what, why string) error {
	return v.show(http.StatusOK, "once", onceView{frame: v.frame(say(v.lang, "once.title")), Key: s.key, Back: "/manage/" + s.key, Secret: what, Why: why})
}

func webhookShelf() *shelf {
	return &shelf{
		key: "webhooks", group: "programs", icon: "link", see: person.Admin, make: person.Admin, edit: mayAdmin, path: "/webhooks", id: byID, drop: true,
		one:     func(v *visit, id string) (thing, error) { return v.oneAt("/webhooks/", id) },
		name:    func(_ *visit, t thing) string { return t.text("url") },
		columns: []string{"url", "events", "for_desk", "hook_state"},
		row: func(v *visit, t thing) []cell {
			events := say(v.lang, "set.all_events")
			if all := t.texts("events"); len(all) > 0 {
				events = excerpt(joined(all))
			}
			return []cell{{Text: t.text("url")}, {Text: events}, {Text: v.deskName(t)}, v.hookState(t)}
		},
		form: func(v *visit, t thing) ([]section, error) {
			h, err := v.theHouse()
			if err != nil {
				return nil, err
			}
			desks := append([]option{{"", say(v.lang, "set.every_desk")}}, h.deskOptions()...)
			desk := ask("desk", pick, clears, of(desks), called("for_desk"))
			if t == nil {
				desk.Clears = false
			}
			return []section{{Fields: []field{ask("url", oneLiner, needed), desk, ask("enabled", tick, from("1"), called("hook_enabled")), ask("events", lines)}}}, nil
		},
		made: func(v *visit, s *shelf, answer thing) (bool, error) {
			return true, v.showOnce(s, answer.text("secret"), "once.hook")
		},
		beside: hookBeside,
	}
}

func (v *visit) hookState(t thing) cell {
	switch {
	case t.at("enabled") != true && t.text("off_reason") != "":
		return cell{Text: say(v.lang, "hook_off."+t.text("off_reason")), Tone: "bad"}
	case t.at("enabled") != true:
		return cell{Text: say(v.lang, "keys.off"), Tone: "wait"}
	case t.text("failures") != "0":
		return cell{Text: say(v.lang, "hooks.failing", "n", t.text("failures")), Tone: "bad"}
	}
	return cell{Text: say(v.lang, "keys.on"), Tone: "good"}
}

// hookPart is a webhook's log, and what can be done with it.
type hookPart struct {
	ID   string
	Rows []hookRow
	More string
}

type hookRow struct {
	At               moment
	Type, State, Why string
	Ticket           string
	Again            string
	Tone             string
}

func hookBeside(v *visit, t thing) (string, any, error) {
	var found openapi.HookDeliveryList
	if err := v.get("/webhooks/"+url.PathEscape(byID(t))+"/deliveries?limit=50", &found); err != nil {
		return "", nil, err
	}
	out := hookPart{ID: byID(t)}
	for _, d := range found.Items {
		r := hookRow{At: v.moment(d.CreatedAt), Type: d.Type, State: say(v.lang, "hook_delivery."+string(d.State)), Tone: map[string]string{"failed": "bad", "delivered": "good"}[string(d.State)]}
		if d.Ticket != nil {
			r.Ticket = count(int(*d.Ticket), false)
		}
		if n := len(d.Attempts); n > 0 {
			last := d.Attempts[n-1]
			r.Why = say(v.lang, "hooks.attempt", "n", count(n, false), "status", count(last.Status, false), "ms", count(last.TookMs, false))
			if last.Error != nil {
				r.Why += " " + *last.Error
			}
		}
		if d.State != "pending" {
			r.Again = "/-/webhooks/" + url.PathEscape(out.ID) + "/again/" + url.PathEscape(d.Id)
		}
		out.Rows = append(out.Rows, r)
	}
	return "hook-part", out, nil
}

func programRoutes() []route {
	return []route{
		{pattern: "POST /-/tokens/{id}", serve: (*visit).revokeToken},
		{pattern: "POST /-/webhooks/{id}/rotate", serve: (*visit).rotateHook},
		{pattern: "POST /-/webhooks/{id}/ping", serve: func(v *visit) error { return v.hook("/ping") }},
		{pattern: "POST /-/webhooks/{id}/again/{delivery}", serve: func(v *visit) error {
			return v.hook("/deliveries/" + url.PathEscape(v.r.PathValue("delivery")) + "/redeliver")
		}},
	}
}

func (v *visit) revokeToken() error {
	if err := v.ask(http.MethodDelete, "/tokens/"+url.PathEscape(v.r.PathValue("id")), nil, nil); err != nil {
		return err
	}
	return v.redirect("/manage/tokens?done=revoked")
}

// hook does something with a webhook and shows its log again.
func (v *visit) hook(what string) error {
	id := url.PathEscape(v.r.PathValue("id"))
	if err := v.ask(http.MethodPost, "/webhooks/"+id+what, nil, nil); err != nil {
		return err
	}
	return v.redirect("/manage/webhooks/" + id)
}

func (v *visit) rotateHook() error {
	var made thing
	if err := v.ask(http.MethodPost, "/webhooks/"+url.PathEscape(v.r.PathValue("id"))+"/rotate", map[string]any{}, &made); err != nil {
		return err
	}
	return v.showOnce(webhookShelf(), made.text("secret"), "once.rotated")
}

func auditShelf() *shelf {
	return &shelf{
		key: "audit", group: "programs", icon: "history", see: person.Admin, path: "/audit", id: byID, fixed: true,
		load: filtered("/audit", []string{"actor", "action", "subject"}),
		above: func(v *visit, _ thing) (string, any, error) {
			return v.filterPart("audit", ask("actor", oneLiner), ask("action", oneLiner, called("audit_action")), ask("subject", oneLiner))
		},
		columns: []string{"at", "actor", "audit_action", "subject", "detail", "from_address"},
		row: func(v *visit, t thing) []cell {
			detail := ""
			if d, ok := t.at("detail").(map[string]any); ok && len(d) > 0 {
				raw, err := json.Marshal(d)
				if err == nil {
					detail = string(raw)
				}
			}
			return []cell{{Time: t.time(v, "at")}, {Text: t.text("actor")}, {Text: t.text("action"), Code: true}, {Text: t.text("subject")}, {Text: detail, Code: true}, {Text: t.text("address")}}
		},
	}
}
