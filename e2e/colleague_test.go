package e2e

import (
	"encoding/json"
	"net/http"

	"github.com/stretchr/testify/require"
)

// colleague is where kato reads his mail.
const colleague = "kato@staff.example"

// colleague makes kato, who is told by mail at once.
func (w *walk) colleague() {
	w.t.Helper()
	made := w.admin().call(http.MethodPost, "/agents", object{"key": "kato", "name": "Kato", "email": colleague, "role": "agent", "desks": []string{"support"}})
	require.Equal(w.t, http.StatusCreated, made.status, made)
	var token struct{ Token string }
	r := w.admin().call(http.MethodPost, "/tokens", object{"agent": "kato", "scopes": []string{"tickets:act"}})
	require.Equal(w.t, http.StatusCreated, r.status, r)
	require.NoError(w.t, json.Unmarshal(r.body, &token))
	r = (&caller{d: w.desk, token: token.Token}).call(http.MethodPut, "/me/settings", object{"notice_mail": "instant"})
	require.Equal(w.t, http.StatusOK, r.status, r)
}
