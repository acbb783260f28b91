"""The documents of the sample register: real files that say that they are samples."""

from collections.abc import Iterator

from api.sample.cases import Case, Facts, Party
from services.applications.model import DocumentRole

TITLES = {
    DocumentRole.APPLICATION_FORM: "数据产品知识产权登记申请表 Application form",
    DocumentRole.PRODUCT_SUMMARY: "数据产品概要 Summary of the data product",
    DocumentRole.PROCESSING_EXPLANATION: (
        "实质性加工和创新性说明 Explanation of substantive processing and innovation"
    ),
    DocumentRole.SCENARIO_DESCRIPTION: "应用场景描述 Description of application scenarios",
}
SAMPLE_NOTICE = (
    "样例文件 SAMPLE DOCUMENT: written by the loader of the sample register. The party named "
    "below has neither filed nor seen it."
)
WORDS = {
    DocumentRole.APPLICATION_FORM: (
        "样例 (sample): The applicant asks for the registration of the data product named above "
        "and declares that the particulars are true."
    ),
    DocumentRole.PRODUCT_SUMMARY: (
        "样例 (sample): The product is kept up to date as stated and delivered through an "
        "interface or as files."
    ),
    DocumentRole.PROCESSING_EXPLANATION: (
        "样例 (sample): Source data are cleaned, matched, labelled and modelled by rules of the "
        "applicant's own; no source record can be read back from the product."
    ),
    DocumentRole.SCENARIO_DESCRIPTION: (
        "样例 (sample): The product serves those who plan, check and decide in this industry."
    ),
}


def file_name(case: Case, role: DocumentRole) -> str:
    return f"{case.product.name}-{role.lower().replace('_', '-')}.txt"[-200:]


def document_text(case: Case, holder: Party, role: DocumentRole) -> str:
    """One of the four documents of a case."""
    product, sample = case.product, case.sample
    lines = [
        TITLES[role],
        "",
        SAMPLE_NOTICE,
        "",
        f"产品名称 Product: {product.name} ({product.name_en})",
        f"申请人 Applicant: {holder.name} ({holder.name_en})",
        f"类型 Kind: {product.kind} ({product.kind_basis})",
        f"行业 Industry: {case.industry}",
        f"概要 Summary: {sample.summary}",
        f"数据来源 Data source: {sample.data_source}",
        f"更新频率 Update frequency: {sample.update_frequency}",
        "",
        WORDS[role],
        "",
        *_sources(case.facts),
    ]
    return "\n".join(lines) + "\n"


def evidence_text(statement: str) -> str:
    """What a sample objector brings to show for an objection."""
    lines = ["异议证据 Evidence for an objection", "", SAMPLE_NOTICE, "", statement]
    return "\n".join(lines) + "\n"


def _sources(facts: Facts | None) -> Iterator[str]:
    if facts is None:
        yield "All of this case is made up."
        return
    yield "事实来源 Published sources of the facts:"
    for source in facts.sources:
        told = (source.title, source.published, source.url)
        yield "- " + ", ".join(part for part in told if part)
