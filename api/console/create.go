package console

import (
	"fmt"
	"net/http"

	"duradesk/api/openapi"
)

func createRoutes() []route {
	return []route{
		{pattern: "GET /new", serve: (*visit).createPage},
		{pattern: "GET /-/new", serve: (*visit).createPage},
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
	said := v.r.URL.Query() // what a link filled in, or what was typed before something else was chosen
	fields, err := v.createForm(h, said)
	if err != nil {
		return err
	}
	if chosen := said.Get("chosen"); chosen != "" {
		return v.show(http.StatusOK, "fields", typed(fields, said, chosen))
	}
	return v.show(http.StatusOK, "create", createView{frame: v.frame(say(v.lang, "create.title")), Fields: typed(fields, said, "channel"), ID: newID()})
}

func (v *visit) create() error {
	if err := v.r.ParseForm(); err != nil {
		return v.refuse(http.StatusBadRequest, say(v.lang, "title.invalid"), say(v.lang, "fault.form"))
	}
	h, err := v.theHouse()
	if err != nil {
		return err
	}
	fields, err := v.createForm(h, v.r.PostForm)
	if err != nil {
		return err
	}
	body, err := v.body(fields, v.r.PostForm)
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
