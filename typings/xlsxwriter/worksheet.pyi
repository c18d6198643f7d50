from xlsxwriter.format import Format

class Worksheet:
    def write_string(self, row: int, col: int, string: str) -> int: ...
    def write_number(
        self, row: int, col: int, number: float, cell_format: Format | None = None
    ) -> int: ...
