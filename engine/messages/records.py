"""Sentences for records and requests that are refused: reading, saving, deleting, importing."""

from __future__ import annotations

from collections.abc import Mapping

from engine.words import Words, words

RECORDS: Mapping[str, Words] = {
    # ---- what a draft names
    "unknown_field": words("没有这个字段，请检查名称。", "There is no such field. Check its name."),
    "no_such_record": words(
        "{field}所选的记录不存在，或您无权查看；请重新选择。",
        "The record chosen for {field} does not exist, or you may not see it. Choose another.",
    ),
    "no_such_key": words(
        "{field}引用的新行“{key}”不在这次提交中。", "{field} refers to a new line '{key}' that is not in this request."
    ),
    "ambiguous": words("有多条记录符合，请写明 id。", "Several records fit. Give the id."),
    "tie": words(
        "查找“{entity}”时有多条记录同样符合，无法取舍；请检查它们的起止日期或条件。",
        "Several records of {entity} fit equally well, so none can be taken. Check their dates and conditions.",
    ),
    # ---- values that depend on others
    "not_unique": words(
        "{field}已被另一条记录使用，请换一个。", "Another record already has this {field}. Enter another."
    ),
    "choice_not_now": words(
        "按目前的内容，{field}不能选“{choice}”。", "As the record stands, {field} cannot be '{choice}'."
    ),
    "check": words("此记录不符合一项检查。", "The record does not pass a check."),
    "computed_empty": words(
        "{record}的{field}算不出结果；请补全公式用到的内容。",
        "{field} of {record} cannot be worked out. Fill in what its formula reads.",
    ),
    "nothing_found": words(
        "{record}的{field}没有查到适用的{entity}；请先补上对应的{entity}，或检查日期和条件。",
        "No {entity} was found for {field} of {record}. Add a {entity} that applies, or check dates and conditions.",
    ),
    "too_large": words(
        "{field}的计算结果太大，无法保存；请检查输入的数字。",
        "The result of {field} is too large to be stored. Check the figures that were entered.",
    ),
    "out_of_bounds": words(
        "{field}的计算结果超出该字段允许的范围；请检查计算所用的内容。",
        "The result of {field} is not within the bounds of the field. Check what it is worked out from.",
    ),
    "cycle": words("{field}的计算用到了它自己。", "{field} is worked out from itself."),
    "frozen": words(
        "此记录已定稿，{field}不能再改；如需修改，请制作新版本。",
        "This record is final, so {field} cannot change. Make a new version to change it.",
    ),
    # ---- lines
    "no_such_file": words(
        "{field}所选的文件不存在，或不是您上传的；请重新上传。",
        "The file chosen for {field} does not exist, or somebody else sent it. Send it again.",
    ),
    "not_a_line": words("每一行应为一组字段和值。", "Each line is a set of fields with their values."),
    "no_such_line": words(
        "这一行不属于此记录，或已被删除；请刷新后重试。",
        "This line is not one of this record's, or is deleted. Load the record again.",
    ),
    "too_many_lines": words(
        "一条记录最多 {limit} 行，请分成几条记录。", "A record has at most {limit} lines. Split it into several."
    ),
    "no_such_combination": words(
        "这些行由系统按组合自动生成，没有这一组合。",
        "These lines are kept by the engine, and it has no such combination.",
    ),
    "combination_missing": words(
        "{field}由系统自动生成，不能手工增删；请原样提交全部行。",
        "The lines of {field} are kept by the engine: none can be added or deleted by hand. Send all that stand.",
    ),
    "lines_with_parent": words(
        "明细行随主记录保存，请通过主记录修改。", "Lines are saved with their parent. Change them through it."
    ),
    # ---- stages
    "no_pipeline": words(
        "没有适用于此记录的流程，请检查流程条件所用的字段。",
        "No pipeline applies to this record. Check the fields that decide which one does.",
    ),
    "stage_unknown": words("没有这个阶段。可选：{stages}。", "There is no such stage here. Choose one of: {stages}."),
    "stage_move": words(
        "现在不能进入“{stage}”。可以进入：{allowed}。", "'{stage}' cannot follow here. These can: {allowed}."
    ),
    "stage_role": words(
        "您的角色不能进入“{stage}”，请找有权的同事。", "Your role may not move it to '{stage}'. Ask someone who may."
    ),
    "stage_requires": words("进入“{stage}”之前请填写{field}。", "Fill in {field} before '{stage}'."),
    # ---- rights
    "not_found": words("没有找到，或您无权查看。", "Not found, or you may not see it."),
    "forbidden": words("您无权进行此操作。", "You may not do this."),
    "may_not_create": words("您无权新建{entity}。", "You may not create a {entity}."),
    "may_not_update": words("您无权修改此{entity}。", "You may not change this {entity}."),
    "may_not_delete": words("您无权删除此{entity}。", "You may not delete this {entity}."),
    "may_not_restore": words("您无权恢复此{entity}。", "You may not restore this {entity}."),
    "may_not_export": words("您无权导出{entity}。", "You may not export {entity}."),
    "may_not_import": words("您无权导入{entity}。", "You may not import {entity}."),
    # ---- versions, deletion, restoring
    "conflict": words(
        "其他人刚刚修改了此记录；请对照新内容后重新保存。",
        "Someone else changed this record meanwhile. Compare with what it holds now, then save again.",
    ),
    "version_required": words(
        "请说明所修改的是哪个版本（version 或 If-Match）。", "Say which version you are changing (version or If-Match)."
    ),
    "in_use": words(
        "有 {count} 条“{entity}”关联着它，不能删除；请先改掉这些关联。",
        "{count} of {entity} link to it, so it cannot be deleted. Change those links first.",
    ),
    "in_use_unseen": words(
        "有您无权查看的记录关联着它，不能删除；请联系能查看这些记录的人。",
        "Records that you may not see link to it, so it cannot be deleted. Ask somebody who sees them.",
    ),
    "restore_not_unique": words(
        "不能恢复：现有另一条记录的{field}也是“{value}”；请先修改其中之一。",
        "It cannot be restored: another record now has '{value}' as {field}. Change one of the two first.",
    ),
    "restore_link_gone": words(
        "不能恢复：{field}所关联的记录已被删除；请先恢复它。",
        "It cannot be restored: the record that {field} links to is deleted. Restore that one first.",
    ),
    "restore_frozen": words(
        "不能恢复：它的明细行属于{entity}，而该记录已锁定。",
        "It cannot be restored: lines of it belong to {entity} that stands still by now.",
    ),
    "too_many_dependents": words(
        "受影响的记录超过 {limit} 条，不能在一次保存中完成。",
        "More than {limit} records depend on this, too many for one save.",
    ),
    # ---- lists and queries
    "bad_query": words("查询条件无法读取。", "The query cannot be read."),
    "unknown_parameter": words("没有参数“{value}”。", "There is no parameter '{value}'."),
    "unknown_operator": words("没有筛选方式“{value}”。", "There is no operator '{value}'."),
    "too_many": words("最多 {limit} 个。", "At most {limit}."),
    "bad_cursor": words("列表已变化，请从第一页重新开始。", "This list has changed. Begin at its first page."),
    # ---- import
    "too_many_cells": words("此行的单元格多于表头。", "The row has more cells than the first row has names."),
}
