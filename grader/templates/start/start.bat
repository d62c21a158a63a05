@echo off
rem Installs what is missing and opens the course; the second time within seconds, and offline.
rem   set COURSE_PYTHON=C:\path\to\python.exe   use this Python as it is, install nothing
rem   set COURSE_TORCH=cpu or cuda              which build of torch to install
rem This file holds ASCII only and no brackets around commands: cmd reads both wrongly in some places.
setlocal
cd /d "%~dp0"
chcp 65001 >nul
set "PYTHONUTF8=1"
set "FIT=import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))"
if defined COURSE_PYTHON goto given
if not defined VIRTUAL_ENV goto conda
"%VIRTUAL_ENV%\Scripts\python.exe" -c "%FIT%" >nul 2>nul && goto active
:conda
if not defined CONDA_PREFIX goto own
if /i "%CONDA_DEFAULT_ENV%"=="base" goto own
"%CONDA_PREFIX%\python.exe" -c "%FIT%" >nul 2>nul && goto activeconda
:own
".venv\Scripts\python.exe" -c "%FIT%" >nul 2>nul && goto ours
py -3.13 -c "%FIT%" >nul 2>nul && goto py313
py -3.12 -c "%FIT%" >nul 2>nul && goto py312
py -3.11 -c "%FIT%" >nul 2>nul && goto py311
python -c "%FIT%" >nul 2>nul && goto plain
type "course_lib\no_python.txt"
set "CODE=1"
goto end
:given
"%COURSE_PYTHON%" -m course_lib start %*
set "CODE=%ERRORLEVEL%"
goto end
:active
"%VIRTUAL_ENV%\Scripts\python.exe" -m course_lib start %*
set "CODE=%ERRORLEVEL%"
goto end
:activeconda
"%CONDA_PREFIX%\python.exe" -m course_lib start %*
set "CODE=%ERRORLEVEL%"
goto end
:ours
".venv\Scripts\python.exe" -m course_lib start %*
set "CODE=%ERRORLEVEL%"
goto end
:py313
py -3.13 -m course_lib start %*
set "CODE=%ERRORLEVEL%"
goto end
:py312
py -3.12 -m course_lib start %*
set "CODE=%ERRORLEVEL%"
goto end
:py311
py -3.11 -m course_lib start %*
set "CODE=%ERRORLEVEL%"
goto end
:plain
python -m course_lib start %*
set "CODE=%ERRORLEVEL%"
:end
rem A window that was opened by a double click stays until the words in it are read.
if not "%CODE%"=="0" pause
exit /b %CODE%
