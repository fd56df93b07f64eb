package console

import (
	"fmt"
	"net/http"

	"duradesk/api/openapi"
)

func createRoutes() []route {
	return []route{
		{pattern: "GET /new", serve: (*visit).createPage},
		{pattern: "POST /new", serve: (*visit).create},
	}
}

// createView is the page on which an agent opens a ticket (N54, N55).
type createView struct {
	frame
	Fields []field
	ID     string
}

func (v *visit) createPage() error {
	h, err := v.theHouse()
	if err != nil {
		return err
	}
	fields := v.createFields(h)
	for i, f := range fields { // what a link filled in
		if value := v.r.URL.Query().Get(f.Name); value != "" {
			fields[i].Value = value
		}
	}
	return v.show(http.StatusOK, "create", createView{frame: v.frame(say(v.lang, "create.title")), Fields: fields, ID: newID()})
}

func (v *visit) createFields(h *house) []field {
	desks := make([]option, 0, len(h.Desks))
	for _, d := range h.Desks {
		desks = append(desks, option{d.Key, d.Name})
	}
	home := ""
	if len(desks) > 0 {
		home = desks[0].Value
	}
	group := ""
	if len(v.me.Groups) > 0 {
		group = v.me.Groups[0]
	}
	return []field{
		{Name: "desk", Label: "field.desk", Kind: pick, Options: desks, Value: home, Needed: true},
		{Name: "channel", Label: "field.channel", Kind: pick, Options: v.opts("channel", "phone", "mail", "chat", "portal", "external"), Value: "phone", Needed: true, Focus: true},
		{Name: "client.name", Label: "field.client_name", Kind: oneLiner},
		{Name: "client.email", Label: "field.email", Kind: oneLiner, Help: "help.client_email"},
		{Name: "client.phone", Label: "field.phone", Kind: oneLiner},
		{Name: "title", Label: "field.title", Kind: oneLiner, Needed: true},
		{Name: "message.body", Label: "field.said", Kind: long, Needed: true},
		{Name: "group", Label: "field.group", Kind: pick, Options: v.groupOptions(h), Value: group},
		{Name: "owner", Label: "field.owner", Kind: pick, Options: v.agentOptions(h, home), Value: v.me.Key},
		{Name: "reception_type", Label: "field.reception_type", Kind: oneLiner},
		{Name: "priority", Label: "field.priority", Kind: pick, Options: v.opts("priority", "low", "normal", "high", "urgent"), Value: "normal"},
		{Name: "type", Label: "field.type", Kind: pick, Options: v.opts("type", "question", "request", "incident", "problem", "complaint"), Value: "question"},
		{Name: "tags", Label: "field.tags", Kind: list, Help: "help.tags"},
	}
}

func (v *visit) create() error {
	if err := v.r.ParseForm(); err != nil {
		return v.refuse(http.StatusBadRequest, say(v.lang, "title.invalid"), say(v.lang, "fault.form"))
	}
	h, err := v.theHouse()
	if err != nil {
		return err
	}
	body, err := v.body(v.createFields(h), v.r.PostForm)
	if err != nil {
		return err
	}
	if id := v.r.PostForm.Get("id"); id != "" {
		body["id"] = id
	}
	var receipt openapi.Receipt
	if err := v.ask(http.MethodPost, "/tickets", body, &receipt); err != nil {
		return err
	}
	return v.redirect(fmt.Sprintf("/tickets/%d?view=all", receipt.Number))
}
