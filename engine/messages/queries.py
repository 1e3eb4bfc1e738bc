"""Sentences about questions to lists: names, filters, order and pages."""

from __future__ import annotations

from collections.abc import Mapping

from engine.words import Words, words

QUERIES: Mapping[str, Words] = {
    "no_field": words("{entity}没有字段“{value}”。", "{entity} has no field '{value}'."),
    "not_filtered_by": words("{field}不能用“{value}”筛选。", "{field} cannot be filtered by '{value}'."),
    "not_a_filter_value": words("“{value}”不能用来筛选{field}。", "'{value}' is no value of {field}."),
    "not_sortable": words("列表不能按{field}排序。", "A list cannot be sorted by {field}."),
    "not_a_column": words("{field}不能作为列表的列。", "{field} is not a column of a list."),
    "not_whole": words("“{value}”应为整数。", "'{value}' is a whole number."),
    "no_total": words("total 只能是 capped、exact 或 no。", "'total' is capped, exact or no."),
    "too_many_filters": words("最多 {limit} 个筛选条件。", "A list takes at most {limit} filters."),
    "too_many_keys": words("最多按 {limit} 个字段排序。", "A list is sorted by at most {limit} fields."),
    "too_many_columns": words("最多 {limit} 列。", "A list has at most {limit} columns."),
}
