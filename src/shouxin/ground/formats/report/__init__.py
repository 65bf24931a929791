"""Papers for people: the closing report (结案报告), the file list (卷宗目录), the certificate's page, the cover sheet.

Start at `closing.closing_report` and `papers.certificate_page`. Values go into the templates as data, never as
markup; fonts are the house's own, system fonts are off. Every paper is bytes; nothing here asks the clock, and the same
facts give the same bytes.
"""
