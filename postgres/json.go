package postgres

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// jsonCodec reads columns of type jsonb as readJSON does.
func jsonCodec(conn *pgx.Conn) {
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name: "jsonb", OID: pgtype.JSONBOID, Codec: &pgtype.JSONBCodec{Marshal: json.Marshal, Unmarshal: readJSON},
	})
}

// readJSON is json.Unmarshal, but that a number beyond what a double holds (1e400) becomes the text of it: no such number is
// taken in any more, but Postgres holds it, and what was stored once must not make its ticket, and each list with it, unreadable.
func readJSON(data []byte, v any) error {
	err := json.Unmarshal(data, v)
	var bad *json.UnmarshalTypeError
	if !errors.As(err, &bad) || !strings.HasPrefix(bad.Value, "number ") || bad.Type != reflect.TypeFor[float64]() {
		return err
	}
	numbers := json.NewDecoder(bytes.NewReader(data))
	numbers.UseNumber()
	var whole any
	if err := numbers.Decode(&whole); err != nil {
		return err
	}
	mended, err := json.Marshal(holdable(whole))
	if err != nil {
		return err
	}
	return json.Unmarshal(mended, v)
}

// holdable puts texts in the place of numbers that no double holds.
func holdable(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key := range v {
			v[key] = holdable(v[key])
		}
	case []any:
		for i := range v {
			v[i] = holdable(v[i])
		}
	case json.Number:
		if _, err := v.Float64(); err != nil {
			return short(v.String())
		}
	}
	return v
}

// short writes the zeros at the end of a whole number as its exponent: Postgres prints all 400 of 1e400.
func short(number string) string {
	digits := strings.TrimRight(number, "0")
	if strings.ContainsAny(number, ".eE") || len(digits) == len(number) {
		return number
	}
	return fmt.Sprintf("%se%d", digits, len(number)-len(digits))
}
