// Datums of arguments and results.
#include "pg_extension/arguments.hpp"

#include "pg_extension/spi_value.hpp"

extern "C" {
#include <catalog/pg_type.h>
#include <funcapi.h>
#include <miscadmin.h>
#include <utils/array.h>
#include <utils/builtins.h>
#include <utils/tuplestore.h>
}

namespace postrider::pg {

namespace {

Value value_of(FunctionCallInfo fcinfo, int index, Oid type) {
    if (index >= PG_NARGS() || PG_ARGISNULL(index)) {
        return {};
    }
    return from_server(form_of(type), PG_GETARG_DATUM(index));
}

[[noreturn]] void refuse_null(std::string_view what) {
    throw CoreError({Errc::refused, std::string{what} + " is null", {}, "Give it as an argument."});
}

struct RowSet {
    TupleDesc description;
    Tuplestorestate *store;
};

/// The caller reads the rows when we have returned.
RowSet open_rows(FunctionCallInfo fcinfo) {
    return call([&]() noexcept {
        auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
        if (result == nullptr || !IsA(result, ReturnSetInfo) ||
            (static_cast<unsigned>(result->allowedModes) & SFRM_Materialize) == 0) {
            ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("a function that gives rows was called where none can be taken"),
                    errhint("Write it behind FROM."));
        }
        MemoryContext before = MemoryContextSwitchTo(result->econtext->ecxt_per_query_memory);
        RowSet rows{};
        if (get_call_result_type(fcinfo, nullptr, &rows.description) != TYPEFUNC_COMPOSITE) {
            ereport(ERROR, errcode(ERRCODE_INTERNAL_ERROR), errmsg("the result is no row"));
        }
        rows.description = CreateTupleDescCopy(rows.description);
        rows.store = tuplestore_begin_heap(true, false, work_mem);
        result->returnMode = SFRM_Materialize;
        result->setResult = rows.store;
        result->setDesc = rows.description;
        MemoryContextSwitchTo(before);
        return rows;
    });
}

} // namespace

std::optional<std::string> text_argument(FunctionCallInfo fcinfo, int index) {
    const Value value = value_of(fcinfo, index, TEXTOID);
    return value.is_null() ? std::nullopt : std::optional{value.as<Text>()->text};
}

std::string required_text(FunctionCallInfo fcinfo, int index, std::string_view what) {
    std::optional<std::string> text = text_argument(fcinfo, index);
    if (!text) {
        refuse_null(what);
    }
    return *std::move(text);
}

Bytes required_bytes(FunctionCallInfo fcinfo, int index, std::string_view what) {
    const Value value = value_of(fcinfo, index, BYTEAOID);
    if (value.is_null()) {
        refuse_null(what);
    }
    return *value.as<Bytes>();
}

std::vector<std::string> text_array_argument(FunctionCallInfo fcinfo, int index) {
    std::vector<std::string> texts;
    if (index >= PG_NARGS() || PG_ARGISNULL(index)) {
        return texts;
    }
    Datum *elements = nullptr;
    bool *nulls = nullptr;
    const int count = call([&]() noexcept {
        int found = 0;
        deconstruct_array(PG_GETARG_ARRAYTYPE_P(index), TEXTOID, -1, false, TYPALIGN_INT, &elements,
                          &nulls, &found);
        return found;
    });
    for (int element = 0; element < count; ++element) {
        if (nulls[element]) {
            refuse_null("a value of the key");
        }
        texts.push_back(from_server(form_of(TEXTOID), elements[element]).as<Text>()->text);
    }
    return texts;
}

bool flag_argument(FunctionCallInfo fcinfo, int index) {
    const Value value = value_of(fcinfo, index, BOOLOID);
    return !value.is_null() && *value.as<bool>();
}

Datum give_text(const std::string &text) {
    return to_server(form_of(TEXTOID), Value::text(text)).datum;
}

Datum give_rows(FunctionCallInfo fcinfo, const std::vector<engine::Row> &rows) {
    const RowSet out = open_rows(fcinfo);
    std::vector<TypeForm> forms;
    forms.reserve(static_cast<std::size_t>(out.description->natts));
    for (int index = 0; index < out.description->natts; ++index) {
        forms.push_back(form_of(TupleDescAttr(out.description, index)->atttypid));
    }
    std::vector<Datum> datums(forms.size());
    const auto nulls = std::make_unique<bool[]>(forms.size());
    for (const engine::Row &row : rows) {
        for (std::size_t index = 0; index < forms.size(); ++index) {
            const ServerValue value = to_server(forms[index], row.at(index));
            datums[index] = value.datum;
            nulls[index] = value.is_null;
        }
        call([&]() noexcept {
            tuplestore_putvalues(out.store, out.description, datums.data(), nulls.get());
        });
    }
    return Datum{0};
}

Datum give_actions(FunctionCallInfo fcinfo, const engine::ActionRows &actions) {
    std::vector<engine::Row> rows;
    for (const engine::ActionRow &action : actions) {
        rows.push_back(
            {Value::text(action.action), Value::text(action.object), Value::text(action.detail)});
    }
    return give_rows(fcinfo, rows);
}

} // namespace postrider::pg
